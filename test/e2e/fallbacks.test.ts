import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refusedPort, startBackend, type Echo } from '../support/backend.js';
import { connectRaw, request } from '../support/client.js';
import { faults, late } from '../support/faults.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { patternOf } from '../support/pattern.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest, neverConnects } from '../support/scene.js';
import { startScripted } from '../support/scripted-backend.js';
import { tempFolder } from '../support/temp.js';

/** Opens with the first failure. */
const strict = { volumeThreshold: 1, openFor: '60s' };

/** A gateway whose only backend of `app` is down and whose circuit is open. */
async function withNoBackend(upstream: object, others: object = {}): Promise<InProcessGateway> {
  const dead = `http://127.0.0.1:${await refusedPort()}`;
  const gateway = await startInProcess({
    upstreams: { app: { backends: [dead], retries: { attempts: 0 }, circuitBreaker: strict, ...upstream }, ...others },
    routes: [{ match: { path: '/*' }, upstream: 'app' }],
  });
  await request(gateway.port);
  expect(await gateway.metric('gatehouse_circuit_state', { upstream: 'app' })).toBe(2);
  return gateway;
}

describe('when no backend may be used', () => {
  it('the client gets a problem document, and when to come back: once the soonest circuit is half-open', async () => {
    const gateway = await withNoBackend({ circuitBreaker: { volumeThreshold: 1, openFor: '7s' } });
    const response = await request(gateway.port);
    expect([response.status, response.header('x-gateway-error')]).toEqual([503, 'NO_BACKEND']);
    expect(response.header('content-type')).toBe('application/problem+json');
    expect(response.json()).toMatchObject({ status: 503, requestId: response.header('x-request-id') });
    expect(Number(response.header('retry-after'))).toBeGreaterThanOrEqual(5);
    expect(Number(response.header('retry-after'))).toBeLessThanOrEqual(7);
    expect(response.text).not.toContain('127.0.0.1');
    expect(await accessLineOf(gateway, 2)).toMatchObject({ status: 503, error: 'NO_BACKEND', attempts: 0 });
    await expectAtRest(gateway);
  });

  it('the client gets the fixed response of the configuration', async () => {
    const headers = { 'content-type': 'text/html', 'retry-after': '5', 'x-own': 'yes' };
    const gateway = await withNoBackend({ fallback: { status: 299, headers, body: '<h1>Soon</h1>' } });
    const response = await request(gateway.port);
    expect([response.status, response.text]).toEqual([299, '<h1>Soon</h1>']);
    for (const [name, value] of Object.entries(headers)) expect(response.headerValues(name)).toEqual([value]);
    expect(response.headerValues('content-length')).toEqual(['13']);
    expect(response.header('x-gateway-error')).toBe('NO_BACKEND');
    expect(await gateway.metric('gatehouse_fallbacks_total', { upstream: 'app' })).toBe(2);
    expect(await accessLineOf(gateway, 2)).toMatchObject({ status: 299, error: 'NO_BACKEND', bytesOut: 13 });
  });

  it('the client gets the file of the configuration, byte by byte', async () => {
    const file = join(await tempFolder(), 'soon.html');
    const page = `<p>${'ä€'.repeat(5000)}</p>`;
    await writeFile(file, page);
    const gateway = await withNoBackend({ fallback: { status: 503, body: { file } } });
    const response = await request(gateway.port);
    expect([response.status, response.text === page]).toEqual([503, true]);
    expect(response.header('content-length')).toBe(String(Buffer.byteLength(page)));
  });

  it('the client gets a problem document with the status and headers of the configuration, where that has no body', async () => {
    const gateway = await withNoBackend({ fallback: { status: 429, headers: { 'retry-after': '33' } } });
    const response = await request(gateway.port);
    expect([response.status, response.json<{ status: number }>().status]).toEqual([429, 429]);
    expect(response.headerValues('retry-after')).toEqual(['33']);
    expect(response.headerValues('x-gateway-error')).toEqual(['NO_BACKEND']);
  });

  it('the problem document has a field of the configuration instead of its own, and not beside it', async () => {
    const gateway = await withNoBackend({ fallback: { headers: { 'cache-control': 'max-age=1' } } });
    expect((await request(gateway.port)).headerValues('cache-control')).toEqual(['max-age=1']);
  });

  it('HEAD gets the head of it, and the connection can be used on', async () => {
    const gateway = await withNoBackend({ fallback: { status: 503, body: 'not now' } });
    const client = await connectRaw(gateway.port);
    client.send('HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const head = await client.response({ method: 'HEAD' });
    expect([head.status, head.header('content-length'), head.body.length]).toEqual([503, '7', 0]);
    expect((await client.response()).text).toBe('not now');
    expect(await accessLineOf(gateway, 2)).toMatchObject({ method: 'HEAD', bytesOut: 0 });
  });

  it('a client in the middle of its upload gets it too', async () => {
    const gateway = await withNoBackend({ fallback: { status: 503, body: 'not now' } });
    const client = await connectRaw(gateway.port);
    client.send('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc');
    const response = await client.response({ method: 'PUT' });
    expect([response.status, response.text, response.clean]).toEqual([503, 'not now', true]);
    await expectAtRest(gateway);
  });

  it('the response rules of the route hold for the fixed response', async () => {
    const dead = `http://127.0.0.1:${await refusedPort()}`;
    const gateway = await startInProcess({
      upstreams: {
        app: { backends: [dead], circuitBreaker: strict, retries: { attempts: 0 }, fallback: { body: 'x' } },
      },
      routes: [{ match: { path: '/*' }, upstream: 'app', headers: { response: { set: { 'x-rule': '1' } } } }],
    });
    await request(gateway.port);
    expect((await request(gateway.port)).header('x-rule')).toBe('1');
  });
});

describe('another upstream as the fallback', () => {
  it('takes the request as it is, with its body', async () => {
    const spare = await startBackend();
    const gateway = await withNoBackend({ fallback: { upstream: 'spare' } }, { spare: { backends: [spare.url] } });
    for (const headers of [[], ['Transfer-Encoding', 'chunked']]) {
      for (const length of [20, 300_000]) {
        const body = patternOf(length);
        const response = await request(gateway.port, { method: 'POST', path: '/x?y=1', body, headers });
        expect([response.status, response.header('x-gateway-error')]).toEqual([200, undefined]);
        expect(response.json<Echo>()).toMatchObject({ method: 'POST', url: '/x?y=1', bodyLength: length });
        expect(spare.last.body.equals(body)).toBe(true);
      }
    }
    expect(await accessLineOf(gateway, 2)).toMatchObject({ upstream: 'spare', attempts: 1, status: 200 });
    await expectAtRest(gateway);
  });

  it('has no fallback of its own', async () => {
    const never = await startScripted('never');
    const dead = `http://127.0.0.1:${await refusedPort()}`;
    const gateway = await withNoBackend(
      { fallback: { upstream: 'spare' } },
      {
        spare: { backends: [dead], retries: { attempts: 0 }, circuitBreaker: strict, fallback: { upstream: 'third' } },
        third: { backends: [never.url] },
      },
    );
    expect(await accessLineOf(gateway)).toMatchObject({ status: 502, error: 'CONNECT_FAILED', upstream: 'spare' });
    const response = await request(gateway.port);
    expect([response.status, response.header('x-gateway-error')]).toEqual([503, 'NO_BACKEND']);
    expect(never.calls).toHaveLength(0);
    await expectAtRest(gateway);
  });

  it('may be each other, without end', async () => {
    const dead = `http://127.0.0.1:${await refusedPort()}`;
    const gateway = await withNoBackend(
      { fallback: { upstream: 'spare' } },
      { spare: { backends: [dead], retries: { attempts: 0 }, circuitBreaker: strict, fallback: { upstream: 'app' } } },
    );
    expect(await accessLineOf(gateway)).toMatchObject({ status: 502, attempts: 2 });
    expect((await request(gateway.port)).status).toBe(503);
    await expectAtRest(gateway);
  });

  it('tries again on its own terms', async () => {
    const spare = await startScripted('spare', call => (call.number === 1 ? call.reset() : call.answer()));
    const gateway = await withNoBackend(
      { fallback: { upstream: 'spare' } },
      { spare: { backends: [spare.url], retries: { attempts: 1, backoff: '1ms' } } },
    );
    expect(spare.calls).toHaveLength(2);
    expect(await accessLineOf(gateway)).toMatchObject({ status: 200, attempts: 3 });
  });
});

describe('before any circuit is open', () => {
  const upstreamOf = (url: string, settings: object = {}): object => ({
    backends: [url],
    retries: { attempts: 0 },
    circuitBreaker: { enabled: false },
    fallback: { status: 503, body: 'soon' },
    ...settings,
  });

  it.each<[string, (settings: object) => Promise<object>]>([
    ['CONNECT_FAILED', async settings => upstreamOf(`http://127.0.0.1:${await refusedPort()}`, settings)],
    [
      'CONNECT_TIMEOUT',
      async settings => upstreamOf((await neverConnects()).url, { timeouts: { connect: '50ms' }, ...settings }),
    ],
    ['RESET', async settings => upstreamOf((await startScripted('a', faults.resetsBeforeTheHead)).url, settings)],
    ['PROTOCOL', async settings => upstreamOf((await startScripted('a', faults.sendsGarbage)).url, settings)],
    [
      'HEAD_TIMEOUT',
      async settings =>
        upstreamOf((await startScripted('a', faults.hangs)).url, { timeouts: { response: '50ms' }, ...settings }),
    ],
  ])('the first client gets the fallback, too, instead of %s', async (code, upstream) => {
    const spare = await startBackend();
    const gateway = await startInProcess({
      upstreams: {
        page: await upstream({}),
        other: await upstream({ fallback: { upstream: 'spare' } }),
        spare: { backends: [spare.url] },
      },
      routes: [
        { match: { path: '/page' }, upstream: 'page' },
        { match: { path: '/other' }, upstream: 'other' },
      ],
    });
    const page = await request(gateway.port, { path: '/page' });
    expect([page.status, page.text, page.header('x-gateway-error')]).toEqual([503, 'soon', code]);
    expect((await request(gateway.port, { path: '/other' })).json<Echo>().url).toBe('/other');
    expect(await gateway.metric('gatehouse_fallbacks_total')).toBe(2);
    await expectAtRest(gateway);
  });

  it('the fallback is for clients that find no place before a backend', async () => {
    const busy = await startScripted('busy', faults.hangs);
    const connections = { max: 1, queue: 0 };
    const gateway = await startInProcess({ upstreams: { app: upstreamOf(busy.url, { connections }) } });
    const first = request(gateway.port).catch(() => undefined);
    await eventually(() => busy.calls.length === 1);
    const response = await request(gateway.port);
    expect([response.text, response.header('x-gateway-error')]).toEqual(['soon', 'QUEUE_FULL']);
    await gateway.stop();
    await first;
  });

  it('the other upstream has all its time for the request, however much time the first has used', async () => {
    const [silent, spare] = [await startScripted('silent', faults.hangs), await startScripted('spare', late(300))];
    const gateway = await startInProcess({
      upstreams: {
        app: upstreamOf(silent.url, { timeouts: { response: '100ms' }, fallback: { upstream: 'spare' } }),
        spare: { backends: [spare.url] },
      },
      routes: [{ match: { path: '/*' }, upstream: 'app' }],
    });
    expect((await request(gateway.port)).text).toBe('spare GET /');
    await expectAtRest(gateway);
  });

  it('what a backend itself answers is passed on, and an answer that breaks is not replaced', async () => {
    const backend = await startScripted('a', call =>
      call.url === '/503' ? call.answer(503, { body: 'its own' }) : faults.sendsAShortBody(call),
    );
    const gateway = await startInProcess({ upstreams: { app: upstreamOf(backend.url) } });
    expect((await request(gateway.port, { path: '/503' })).text).toBe('its own');
    await expect(request(gateway.port, { path: '/breaks' })).rejects.toThrow('broke off');
    expect(await gateway.metric('gatehouse_fallbacks_total')).toBe(0);
  });
});

describe('when the first attempt was the last that a backend may have', () => {
  const after = (fallback: object, others: object = {}): Promise<InProcessGateway> =>
    startScripted('bad', faults.resetsBeforeTheHead).then(bad =>
      startInProcess({
        upstreams: {
          app: { backends: [bad.url], circuitBreaker: strict, retries: { backoff: '1ms' }, fallback },
          ...others,
        },
        routes: [{ match: { path: '/*' }, upstream: 'app' }],
      }),
    );

  it('the client gets the fixed response, and the error in its X-Gateway-Error', async () => {
    const gateway = await after({ status: 503, body: 'not now' });
    const response = await request(gateway.port);
    expect([response.status, response.text, response.header('x-gateway-error')]).toEqual([503, 'not now', 'RESET']);
    expect(await accessLineOf(gateway)).toMatchObject({ attempts: 1, error: 'RESET', status: 503 });
    await expectAtRest(gateway);
  });

  it('the other upstream gets the request, with the body that was held', async () => {
    const spare = await startBackend();
    const gateway = await after({ upstream: 'spare' }, { spare: { backends: [spare.url] } });
    const response = await request(gateway.port, { method: 'PUT', body: patternOf(10_000) });
    expect(response.json<Echo>()).toMatchObject({ method: 'PUT', bodyLength: 10_000 });
    expect(spare.last.body.equals(patternOf(10_000))).toBe(true);
    expect(await accessLineOf(gateway)).toMatchObject({ attempts: 2, upstream: 'spare' });
    await expectAtRest(gateway);
  });

  it('a POST is not given to the other upstream: it may have taken effect', async () => {
    const spare = await startBackend();
    const gateway = await after({ upstream: 'spare' }, { spare: { backends: [spare.url] } });
    const response = await request(gateway.port, { method: 'POST', body: 'a body' });
    expect([response.status, response.header('x-gateway-error')]).toEqual([502, 'RESET']);
    expect(spare.requests).toHaveLength(0);
  });
});
