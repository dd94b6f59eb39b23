import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type TestBackend } from '../support/backend.js';
import { connectRaw, open, request } from '../support/client.js';
import { faults, late } from '../support/faults.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { expectAtRest, gatewayTo } from '../support/scene.js';
import { startScripted, type Behaviour } from '../support/scripted-backend.js';

const once = { attempts: 0 };
const stateOf = (gateway: InProcessGateway): Promise<number> => gateway.metric('gatehouse_circuit_state');

describe('the circuit of a backend', () => {
  const verdicts: readonly (readonly [string, Behaviour, number, object])[] = [
    ['is opened by answers of 503', call => call.answer(503), 2, {}],
    ['is opened by answers of 500, where 5xx is in failOn', call => call.answer(500), 2, { failOn: ['5xx'] }],
    ['is opened by answers of 429, where that is in failOn', call => call.answer(429), 2, { failOn: [429] }],
    ['is opened by resets', faults.resetsBeforeTheHead, 2, {}],
    ['is opened by answers that break', faults.sendsAShortBody, 2, {}],
    ['is opened by what is not HTTP', faults.sendsGarbage, 2, {}],
    ['is opened by late answers, where `slow` is in failOn', late(150), 2, { failOn: ['slow'], slowerThan: '50ms' }],
    ['is not opened by late answers, where it is not', late(150), 0, { slowerThan: '50ms' }],
    ['is not opened by answers of 404', call => call.answer(404), 0, {}],
    ['is not opened by answers of 429', call => call.answer(429), 0, {}],
    ['is not opened by answers of 500, 501 or 507', call => call.answer([500, 501, 507][call.number % 3]), 0, {}],
    ['is not opened by resets, where reset is not in failOn', faults.resetsBeforeTheHead, 0, { failOn: ['5xx'] }],
    ['is not opened at all, where it is off', call => call.answer(503), 0, { enabled: false }],
  ];
  let shared: InProcessGateway;

  beforeAll(async () => {
    const upstreams: Record<string, object> = {};
    for (const [index, [, behaviour, , circuitBreaker]] of verdicts.entries()) {
      upstreams[`app${index}`] = {
        backends: [(await startScripted('a', behaviour)).url],
        retries: once,
        circuitBreaker: { volumeThreshold: 3, maxOpen: '100%', ...circuitBreaker },
      };
    }
    const routes = Object.keys(upstreams).map(upstream => ({ match: { path: `/${upstream}` }, upstream }));
    shared = await startInProcess({ upstreams, routes });
  });

  it.each(verdicts.map(([name, , state], index) => [name, state, `app${index}`] as const))(
    '%s',
    async (_, state, upstream) => {
      const now = (): Promise<number> => shared.metric('gatehouse_circuit_state', { upstream });
      for (let number = 0; number < 3; number++) {
        expect(await now()).toBe(0);
        await request(shared.port, { path: `/${upstream}` }).catch(() => undefined);
      }
      await eventually(async () => expect(await now()).toBe(state));
      await expectAtRest(shared);
    },
  );

  it('counts each attempt, those that were tried again too', async () => {
    const backend = await startScripted('a', call => call.answer(503));
    const [other, third] = [await startScripted('b', backend.behaviour), await startScripted('c', backend.behaviour)];
    const gateway = await gatewayTo([backend, other, third], {
      retries: { backoff: '1ms' },
      circuitBreaker: { volumeThreshold: 1, maxOpen: '100%' },
    });
    await request(gateway.port);
    expect(await gateway.metric('gatehouse_circuit_transitions_total', { to: 'open' })).toBe(3);
  });

  it('is never opened by clients that leave: before the head, in the body, in their own', async () => {
    const backend = await startBackend((incoming, response) => {
      if (incoming.url === '/body') response.write('begun');
    });
    const gateway = await gatewayTo([backend], { circuitBreaker: { volumeThreshold: 1 } });
    const chunked = 'PUT /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n';
    for (const [head, then] of [
      ['GET /head HTTP/1.1\r\nHost: x\r\n\r\n', ''],
      ['GET /body HTTP/1.1\r\nHost: x\r\n\r\n', ''],
      ['PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc', ''],
      [chunked, ''],
      [chunked, 'nonsense\r\n'],
    ] as const) {
      const before = backend.requests.length;
      const client = await connectRaw(gateway.port);
      client.send(head);
      await eventually(() => backend.requests.length === before + 1);
      if (head.includes('/body')) await client.until('begun');
      if (then === '') client.reset();
      else client.send(then);
      await expectAtRest(gateway);
    }
    expect(await stateOf(gateway)).toBe(0);
    expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
  });

  it('is not opened by a client that takes its time to send its body', async () => {
    const backend = await startBackend();
    const slow = await startScripted('slow', late(400));
    const circuitBreaker = { volumeThreshold: 1, maxOpen: '100%', failOn: ['slow'], slowerThan: '300ms' };
    const patient = await startInProcess({
      upstreams: {
        app: { backends: [backend.url], circuitBreaker },
        slow: { backends: [slow.url], circuitBreaker },
      },
      routes: [{ upstream: 'app' }, { match: { path: '/slow' }, upstream: 'slow' }],
    });
    const now = (upstream: string): Promise<number> => patient.metric('gatehouse_circuit_state', { upstream });
    const client = await connectRaw(patient.port);
    client.send('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc');
    await eventually(async () => expect(await patient.metric('gatehouse_requests_in_flight')).toBe(1));
    // A backend that takes that time is too slow.
    await request(patient.port, { path: '/slow' });
    expect(await now('slow')).toBe(2);
    client.send('def');
    expect((await client.response({ method: 'PUT' })).status).toBe(200);
    await expectAtRest(patient);
    expect(await now('app')).toBe(0);
  });
});

describe('the trial of a half-open circuit', () => {
  /** A gateway whose circuit has just become half-open. */
  async function halfOpen(backend: TestBackend): Promise<InProcessGateway> {
    const { handler } = backend;
    backend.handler = (_, response) => response.writeHead(503).end();
    const gateway = await gatewayTo([backend], {
      retries: once,
      circuitBreaker: { volumeThreshold: 1, openFor: '300ms', maxOpen: '100%' },
    });
    expect((await request(gateway.port)).status).toBe(503);
    expect(await stateOf(gateway)).toBe(2);
    backend.handler = handler;
    await eventually(async () => (await stateOf(gateway)) === 1);
    return gateway;
  }

  it('is won by an event stream at its head, and does not wait for its end', async () => {
    const backend = await startBackend((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).write('data: 1\n\n');
    });
    const gateway = await halfOpen(backend);
    const stream = await open(gateway.port);
    expect(stream.response.statusCode).toBe(200);
    await eventually(async () => expect(await stateOf(gateway)).toBe(0));
    expect(await gateway.metric('gatehouse_backend_in_flight')).toBe(1);
    stream.request.destroy();
    await expectAtRest(gateway);
    expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(3);
  });

  it('is not held by a client that does not read', async () => {
    const backend = await startBackend((_, response) => response.end(Buffer.alloc(32 * 1024 * 1024)));
    const gateway = await halfOpen(backend);
    const client = await connectRaw(gateway.port);
    client.pause();
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(async () => expect(await stateOf(gateway)).toBe(0));
    expect(await gateway.metric('gatehouse_backend_in_flight')).toBe(1);
    client.reset();
    await expectAtRest(gateway);
    expect(await stateOf(gateway)).toBe(0);
  });

  it('is free again when its client leaves before the answer', async () => {
    let silent = true;
    const backend = await startBackend((_, response) => silent || response.end('ok'));
    const gateway = await halfOpen(backend);
    const client = await connectRaw(gateway.port);
    const before = backend.requests.length;
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => backend.requests.length === before + 1);
    expect((await request(gateway.port)).header('x-gateway-error')).toBe('NO_BACKEND');
    client.reset();
    await expectAtRest(gateway);
    silent = false;
    expect((await request(gateway.port)).status).toBe(200);
    await eventually(async () => expect(await stateOf(gateway)).toBe(0));
  });

  it('is lost by an answer that breaks', async () => {
    const backend = await startBackend((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('abc', () => response.socket?.resetAndDestroy());
    });
    const gateway = await halfOpen(backend);
    await request(gateway.port).catch(() => undefined);
    await eventually(async () =>
      expect(await gateway.metric('gatehouse_circuit_transitions_total', { to: 'open' })).toBe(2),
    );
    await expectAtRest(gateway);
  });
});
