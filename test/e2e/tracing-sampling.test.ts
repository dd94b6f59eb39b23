import { propagation, trace, type Context } from '@opentelemetry/api';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Explainer } from '../../src/explain/explainer.js';
import { readQuestion } from '../../src/explain/question.js';
import { Tracing } from '../../src/tracing/tracing.js';
import { answer, refusedPort, startBackend, type TestBackend } from '../support/backend.js';
import { connectRaw, request, type RequestOptions } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { startOtlpReceiver, type OtlpReceiver } from '../support/otlp-receiver.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parent = (flags: string) => `00-${traceId}-b7ad6b7169203331-${flags}`;

describe('which exchanges are recorded', () => {
  let receiver: OtlpReceiver;
  let backend: TestBackend;
  let gateway: InProcessGateway;
  let base: { readonly upstreams: object; readonly routes: readonly object[] };
  let tracing: { readonly otlp: string; readonly slow: string };

  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    backend = await startBackend((incoming, response) => {
      if (incoming.url === '/slow') return setTimeout(() => response.end('at last'), 150);
      return response.writeHead(incoming.url === '/500' ? 500 : 200).end();
    });
    const dead = `http://127.0.0.1:${await refusedPort()}`;
    base = {
      upstreams: {
        app: { backends: [backend.url] },
        saved: { backends: [dead, backend.url], circuitBreaker: { enabled: false } },
      },
      routes: [
        { name: 'saved', match: { path: '/saved' }, upstream: 'saved' },
        { name: 'app', match: { path: '/*' }, upstream: 'app' },
      ],
    };
    // A busy machine is slow at times.
    tracing = { otlp: receiver.url, slow: '0s' };
    gateway = await startInProcess({ ...base, tracing: { ...tracing, sample: '0%' } });
  });

  /** Puts other settings into force, and asks. Gives the spans of the answer, and what the backend was told. */
  const asked = async (settings: object, path: string, options: RequestOptions = {}) => {
    const { trusted = [], ...more } = settings as { trusted?: string[] };
    await gateway.apply({ ...base, trustedProxies: trusted, tracing: { ...tracing, ...more } });
    const id = (await request(gateway.port, { path, ...options })).header('x-request-id');
    // The access line is written before the trace is closed, in one turn.
    await gateway.waitForLog(({ requestId }) => requestId === id);
    await gateway.gateway.app.get(Tracing).flush();
    return { spans: receiver.of(id), traceparent: backend.last.header('traceparent'), id };
  };

  it('are none at sample 0%: the backend is told so, in a valid trace', async () => {
    const { spans, traceparent } = await asked({ sample: '0%' }, '/');
    expect(spans).toBeUndefined();
    expect(traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
  });

  it('are all at sample 100%', async () => {
    const { spans, traceparent } = await asked({ sample: '100%' }, '/');
    expect(spans?.server.attributes['gatehouse.kept_for']).toBe('share');
    expect(traceparent).toMatch(/-01$/);
  });

  it('are about the share that is asked for, and those alone of which the backend was told', async () => {
    await asked({ sample: '50%' }, '/');
    const before = backend.requests.length;
    const ids = await Promise.all(
      Array.from({ length: 200 }, async () => (await request(gateway.port)).header('x-request-id')),
    );
    for (const id of ids) await gateway.waitForLog(({ requestId }) => requestId === id);
    await gateway.gateway.app.get(Tracing).flush();
    const recorded = ids.flatMap(id => receiver.of(id) ?? []);
    // Of 200 tosses of a coin: beyond these in one run of 10^8.
    expect(recorded.length).toBeGreaterThan(60);
    expect(recorded.length).toBeLessThan(140);
    const told = backend.requests.slice(before).map(each => each.header('traceparent')!);
    const chosen = told.filter(each => each.endsWith('-01')).map(each => each.split('-')[1]);
    expect(new Set(recorded.map(({ server }) => server.traceId))).toEqual(new Set(chosen));
  });

  it.each([
    ['failed', '/500', 'failed'],
    ['failed, though another try has saved it', '/saved', 'failed'],
    ['been slow', '/slow', 'slow'],
  ])('are those that have %s, at 0%% as well', async (_, path, why) => {
    const settings = { sample: '0%', slow: why === 'slow' ? '100ms' : '0s' };
    const all = [await asked(settings, path), await asked(settings, path)];
    const { spans, traceparent } = all.find(each => each.spans !== undefined)!;
    expect(spans?.server.attributes['gatehouse.kept_for']).toBe(why);
    expect(spans?.clients.length).toBeGreaterThan(0);
    // It was not known when the backend was asked.
    expect(traceparent).toMatch(/-00$/);
  });

  it('are not all of those that fail at once: in an outage nothing else would be seen', async () => {
    const routes = [{ name: 'down', match: { path: '/down' }, respond: { status: 503, body: '' } }];
    await gateway.apply({ ...base, routes, tracing: { ...tracing, sample: '0%' } });
    const client = await connectRaw(gateway.port);
    const asks = 'GET /down HTTP/1.1\r\nHost: a\r\n\r\n';
    client.send(asks.repeat(999) + asks.replace('Host', 'Connection: close\r\nHost'));
    await client.closed();
    await gateway.gateway.app.get(Tracing).flush();
    const kept = receiver.spans.filter(({ name }) => name === 'GET down').map(({ end }) => Number(end / 1_000_000n));
    // Tests before this one have had some of the first second.
    expect(kept.length).toBeGreaterThan(50);
    // At most 100 in each second since the first: of 201, the first and the last are no less than one apart.
    const times = kept.sort((one, other) => one - other);
    for (const [at, time] of times.slice(200).entries()) expect(time - times[at]!).toBeGreaterThan(990);
  });

  it('are not those that a client was refused', async () => {
    const { spans } = await asked({ sample: '0%' }, '/', { method: 'OPTIONS', headers: { 'max-forwards': '0' } });
    expect(spans).toBeUndefined();
  });

  it('are not chosen by a client that is not trusted', async () => {
    const { spans, traceparent } = await asked({ sample: '0%' }, '/', { headers: { traceparent: parent('01') } });
    expect(spans).toBeUndefined();
    expect(traceparent).toMatch(/-00$/);
    expect(traceparent).not.toContain(traceId);
  });

  it.each([
    ['a trusted proxy', { trusted: ['127.0.0.1'], sample: '0%' }],
    ['any client, with `parents: all`', { parents: 'all', sample: '0%' }],
  ])('are those that %s has begun, with the state that came with it', async (_, settings) => {
    const headers = { traceparent: parent('01'), tracestate: 'a=1,b=2' };
    const { spans, traceparent } = await asked(settings, '/', { headers });
    expect(spans?.server).toMatchObject({ traceId, parentId: 'b7ad6b7169203331', traceState: 'a=1,b=2', links: [] });
    expect(spans?.server.attributes['gatehouse.kept_for']).toBe('parent');
    // The sampled flag, and that the parent is of another process (OTLP).
    expect(spans?.server.flags).toBe(0x301);
    expect(traceparent).toBe(`00-${traceId}-${spans?.clients[0]?.spanId}-01`);
    expect(backend.last.header('tracestate')).toBe('a=1,b=2');
  });

  it('are not those that a trusted proxy does not record', async () => {
    const settings = { trusted: ['127.0.0.1'], sample: '100%' };
    const { spans, traceparent } = await asked(settings, '/', { headers: { traceparent: parent('00') } });
    expect(spans).toBeUndefined();
    expect(traceparent).toMatch(new RegExp(`^00-${traceId}-[\\da-f]{16}-00$`));
  });

  it('are told to an OpenTelemetry of the application neither, which may register itself as if the gateway were not there', async () => {
    const getTracer = vi.fn(trace.getTracer.bind(trace));
    const inject = vi.fn();
    const none = { inject, extract: (context: Context) => context, fields: () => [] };
    expect(trace.setGlobalTracerProvider({ getTracer })).toBe(true);
    expect(propagation.setGlobalPropagator(none)).toBe(true);
    const { spans } = await asked({ sample: '100%' }, '/');
    expect(spans?.clients).toHaveLength(1);
    expect([getTracer.mock.calls, inject.mock.calls]).toEqual([[], []]);
    trace.disable();
    propagation.disable();
  });

  it('are none of those that are only asked about, which shows what a backend would be told', async () => {
    await gateway.apply({ ...base, tracing: { ...tracing, sample: '100%' } });
    const before = receiver.spans.length;
    const explainer = gateway.gateway.app.get(Explainer);
    const { forwarded } = await explainer.explain(readQuestion({ url: 'http://shop.example/' }));
    await gateway.gateway.app.get(Tracing).flush();
    expect(forwarded?.changes.join('\n')).toMatch(/^\+ Traceparent: 00-[\da-f]{32}-[\da-f]{16}-01$/im);
    expect(receiver.spans).toHaveLength(before);
  });

  it('are none without `tracing`: the trace context passes untouched, and stands in the log', async () => {
    const { changes } = await gateway.apply(base);
    expect(changes.join()).toContain('tracing');
    const headers = { traceparent: parent('01'), tracestate: 'not even valid' };
    const id = (await request(gateway.port, { path: '/', headers })).header('x-request-id');
    expect(backend.last.header('traceparent')).toBe(parent('01'));
    expect(backend.last.header('tracestate')).toBe('not even valid');
    const line = await gateway.waitForLog(({ requestId }) => requestId === id);
    expect(line).toMatchObject({ traceId });
    expect(line).not.toHaveProperty('spanId');
  });
});

describe('a collector', () => {
  const counts = (gateway: InProcessGateway) =>
    Promise.all(
      ['exported', 'failed', 'dropped'].map(result => gateway.metric('gatehouse_trace_spans_total', { result })),
    );

  it('that is busy is asked again, one that refuses is not, and the log says each once', async () => {
    const receiver = await startOtlpReceiver();
    const gateway = await startInProcess({
      upstreams: { app: { backends: [(await startBackend(answer(200))).url] } },
      tracing: { otlp: `${receiver.url}/otlp/`, sample: '100%', compression: 'gzip', timeout: '5s' },
    });
    const flush = async () => {
      await request(gateway.port);
      await gateway.gateway.app.get(Tracing).flush();
    };
    receiver.answer = { status: 429, headers: { 'retry-after': '1' } };
    const flushed = flush();
    await receiver.message();
    receiver.answer = { status: 200 };
    await flushed;
    expect(receiver.messages).toHaveLength(2);
    expect(receiver.messages[0]).toMatchObject({ url: '/otlp/v1/traces', headers: { 'content-encoding': 'gzip' } });
    expect(receiver.spans).toHaveLength(2);
    receiver.answer = { status: 400 };
    await flush();
    await flush();
    expect(receiver.messages).toHaveLength(4);
    receiver.answer = { status: 200 };
    await flush();
    expect(await counts(gateway)).toEqual([4, 4, 0]);
    await gateway.flush();
    const told = gateway.logs.filter(({ msg }) => msg?.startsWith('traces') === true);
    expect(told.map(({ level, msg, reason }) => [level, msg, reason])).toEqual([
      [40, 'traces cannot be exported', 'the collector answered 400'],
      [30, 'traces are exported again', undefined],
    ]);
  });

  it('that never answers holds nothing up: requests go on, what is too much is dropped, and the end comes in time', async () => {
    const receiver = await startOtlpReceiver();
    receiver.answer = undefined;
    const gateway = await startInProcess({
      upstreams: { app: { backends: [(await startBackend(answer(200))).url] } },
      routes: [{ name: 'pong', match: { path: '/pong' }, respond: { status: 200, body: 'pong' } }],
      tracing: { otlp: receiver.url, sample: '100%', timeout: '60s' },
    });
    const all = 2048 + 512 + 100;
    const client = await connectRaw(gateway.port);
    const asks = 'GET /pong HTTP/1.1\r\nHost: a\r\n\r\n';
    client.send(asks.repeat(all - 1) + asks.replace('Host', 'Connection: close\r\nHost'));
    await client.closed();
    expect(client.received.toString().split('HTTP/1.1 200 OK').length - 1).toBe(all);
    const [exported, failed, dropped] = await counts(gateway);
    expect([exported, failed]).toEqual([0, 0]);
    expect(dropped).toBeGreaterThanOrEqual(all - 2048 - 512);
    const begun = performance.now();
    await gateway.stop(0);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(await counts(gateway)).toEqual([0, all - dropped!, dropped]);
  });

  it('gets what is left at the end', async () => {
    const receiver = await startOtlpReceiver();
    const gateway = await startInProcess({
      upstreams: { app: { backends: [(await startBackend(answer(200))).url] } },
      tracing: { otlp: receiver.url, sample: '100%' },
    });
    const id = (await request(gateway.port)).header('x-request-id');
    await gateway.stop(1_000);
    expect(receiver.of(id)?.clients).toHaveLength(1);
  });

  it('that cannot be reached costs no request its answer', async () => {
    const otlp = `http://127.0.0.1:${await refusedPort()}`;
    const gateway = await startInProcess({
      upstreams: { app: { backends: [(await startBackend(answer(200))).url] } },
      tracing: { otlp, sample: '100%', timeout: '100ms' },
    });
    expect((await request(gateway.port)).status).toBe(200);
    await gateway.waitForLog(({ msg }) => msg === 'traces cannot be exported');
    expect(await counts(gateway)).toEqual([0, 2, 0]);
  });
});
