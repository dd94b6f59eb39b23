import { describe, expect, it } from 'vitest';
import { startBackend, type Echo } from '../support/backend.js';
import { connectRaw, request, type RawClient, type Response } from '../support/client.js';
import { faults } from '../support/faults.js';
import type { InProcessGateway } from '../support/in-process.js';
import { patternOf } from '../support/pattern.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest, gatewayTo } from '../support/scene.js';
import { startScripted, type ScriptedBackend } from '../support/scripted-backend.js';
import { Upstreams } from '../../src/upstream/upstreams.js';

const waiting = (gateway: InProcessGateway): Promise<number> => gateway.metric('gatehouse_pool_pending');

/** A request on a connection of its own; the next one is not sent before it has come to the gateway's queue or to a backend. */
async function sendTo(
  gateway: InProcessGateway,
  path: string,
  backends: readonly ScriptedBackend[],
): Promise<RawClient> {
  const known = async (): Promise<number> =>
    (await waiting(gateway)) + backends.reduce((sum, { calls }) => sum + calls.length, 0);
  const before = await known();
  const client = await connectRaw(gateway.port);
  client.send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await eventually(async () => (await known()) === before + 1);
  return client;
}

const isRefused = ({ status, header }: Pick<Response, 'status' | 'header'>): void => {
  expect([status, header('x-gateway-error'), header('retry-after')]).toEqual([503, 'QUEUE_FULL', '1']);
};

describe('a backend with as many exchanges as it may have', () => {
  it('is passed over for one that has room', async () => {
    const [one, two] = [await startScripted('one', faults.hangs), await startScripted('two')];
    const gateway = await gatewayTo([one, two], { connections: { max: 1 } });
    await sendTo(gateway, '/held', [one, two]);
    for (let number = 0; number < 6; number++) {
      expect((await request(gateway.port, { path: `/${number}` })).text).toBe(`two GET /${number}`);
    }
    expect(one.calls).toHaveLength(1);
  });

  it('never gets more at once, and those that wait are served in their order', async () => {
    const backend = await startScripted('a', faults.hangs);
    const gateway = await gatewayTo([backend], { connections: { max: 2 } });
    const clients: RawClient[] = [];
    for (let number = 0; number < 8; number++) clients.push(await sendTo(gateway, `/${number}`, [backend]));
    expect(await waiting(gateway)).toBe(6);
    for (let number = 0; number < 8; number++) {
      expect(backend.calls.map(({ url }) => url)).toEqual(
        Array.from({ length: Math.min(8, number + 2) }, (_, index) => `/${index}`),
      );
      backend.calls[number]!.answer();
      expect((await clients[number]!.response()).text).toBe(`a GET /${number}`);
      await eventually(() => backend.calls.length === Math.min(8, number + 3));
    }
    expect(backend.connections).toBe(2);
    await expectAtRest(gateway);
  });

  it('is not asked by a client that left while it waited', async () => {
    const backend = await startScripted('a', faults.hangs);
    const gateway = await gatewayTo([backend], { connections: { max: 1 } });
    const first = await sendTo(gateway, '/first', [backend]);
    const gone = await sendTo(gateway, '/gone', [backend]);
    const last = await sendTo(gateway, '/last', [backend]);
    gone.reset();
    await eventually(async () => (await waiting(gateway)) === 1);
    backend.calls[0]!.answer();
    expect((await first.response()).status).toBe(200);
    await eventually(() => backend.calls.length === 2);
    backend.calls[1]!.answer();
    expect((await last.response()).text).toBe('a GET /last');
    await expectAtRest(gateway);
    const line = await gateway.waitForLog(({ msg, path }) => msg === 'exchange' && path === '/gone');
    expect(line).toMatchObject({ status: 499, attempts: 0 });
  });

  it('gets a body that has waited with its request, whole', async () => {
    let release = (): void => {};
    const backend = await startBackend((incoming, response, record) => {
      if (incoming.url === '/held') release = () => response.end('ok');
      else
        incoming.on('end', () =>
          response.end(JSON.stringify({ bodyLength: record.bodyLength, sha256: record.sha256 })),
        );
    });
    const gateway = await gatewayTo([backend], { connections: { max: 1 } });
    const held = request(gateway.port, { path: '/held' });
    await eventually(() => backend.requests.length === 1);
    const uploads = [20, 300_000].flatMap(length =>
      [[], ['Transfer-Encoding', 'chunked']].map(headers =>
        request(gateway.port, { method: 'PUT', body: patternOf(length), headers }),
      ),
    );
    await eventually(async () => (await waiting(gateway)) === 4);
    release();
    const lengths = (await Promise.all(uploads)).map(response => response.json<Echo>().bodyLength);
    expect(lengths).toEqual([20, 20, 300_000, 300_000]);
    expect((await held).text).toBe('ok');
    await expectAtRest(gateway);
  });

  it('is not kept busy by a dropped answer whose client has left', async () => {
    const backend = await startBackend((_, response) => {
      if (backend.requests.length > 1) return response.end('ok');
      return response.writeHead(503, { 'content-length': 10 }).write('abc');
    });
    const silent = await startBackend((_, response) => silent.requests.length === 1 || response.end('ok'));
    const gateway = await gatewayTo([backend, silent], { connections: { max: 1 }, retries: { backoff: '1ms' } });
    const client = await connectRaw(gateway.port);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    // The retry has arrived: else the silence would be kept for one of the requests below.
    await eventually(() => silent.requests.length === 1);
    expect(await gateway.metric('gatehouse_retries_total')).toBe(1);
    client.reset();
    await expectAtRest(gateway);
    for (let number = 0; number < 3; number++) {
      expect((await request(gateway.port)).text).toBe('ok');
    }
  });
});

describe('a client that cannot be served', () => {
  it('gets 503 when it has waited for queueTimeout', async () => {
    const backend = await startScripted('a', faults.hangs);
    const gateway = await gatewayTo([backend], { connections: { max: 1, queueTimeout: '300ms' } });
    await sendTo(gateway, '/held', [backend]);
    const started = performance.now();
    isRefused(await request(gateway.port));
    expect(performance.now() - started).toBeGreaterThan(290);
    expect(backend.calls).toHaveLength(1);
    expect(await accessLineOf(gateway)).toMatchObject({ status: 503, error: 'QUEUE_FULL', attempts: 0 });
    expect(await waiting(gateway)).toBe(0);
  });

  it('gets 503 at once when the queue is full', async () => {
    const backend = await startScripted('a', faults.hangs);
    const gateway = await gatewayTo([backend], { connections: { max: 1, queue: 2, queueTimeout: '60s' } });
    for (const path of ['/held', '/1', '/2']) await sendTo(gateway, path, [backend]);
    // Long before queueTimeout, which is longer than the timeout of the test.
    isRefused(await request(gateway.port));
    isRefused(await request(gateway.port, { method: 'PUT', body: patternOf(500_000) }));
    expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
  });

  it('is refused without a wait where there is no queue', async () => {
    const backend = await startScripted('a', faults.hangs);
    const gateway = await gatewayTo([backend], { connections: { max: 1, queue: 0 } });
    await sendTo(gateway, '/held', [backend]);
    isRefused(await request(gateway.port));
  });
});

describe('the queue before a backend that fails', () => {
  it('goes to another one when its circuit opens', async () => {
    const [one, two] = [await startScripted('one', faults.hangs), await startScripted('two', faults.hangs)];
    const backends = [one, two];
    const gateway = await gatewayTo(backends, {
      connections: { max: 1 },
      retries: { attempts: 0 },
      circuitBreaker: { volumeThreshold: 1, openFor: '60s' },
    });
    const clients: RawClient[] = [];
    for (let number = 0; number < 6; number++) clients.push(await sendTo(gateway, `/${number}`, backends));
    const lost = one.calls[0]!.url;
    // Every request from now on is answered.
    two.behaviour = call => call.answer();
    one.calls[0]!.reset();
    two.calls[0]!.answer();
    const responses = await Promise.all(clients.map(client => client.response()));
    expect(responses.map(({ status }, number) => (`/${number}` === lost ? 200 : status))).toEqual(Array(6).fill(200));
    expect(responses.filter(({ status }) => status === 502)).toHaveLength(1);
    expect(one.calls).toHaveLength(1);
    expect(await gateway.metric('gatehouse_circuit_state', { backend: one.id })).toBe(2);
    await expectAtRest(gateway);
  });

  it('gets the fallback when there is no other', async () => {
    const one = await startScripted('one', faults.hangs);
    const gateway = await gatewayTo([one], {
      connections: { max: 1 },
      retries: { attempts: 0 },
      circuitBreaker: { volumeThreshold: 1, openFor: '60s' },
      fallback: { body: 'not now' },
    });
    const clients: RawClient[] = [];
    for (let number = 0; number < 5; number++) clients.push(await sendTo(gateway, `/${number}`, [one]));
    one.calls[0]!.reset();
    const responses = await Promise.all(clients.map(client => client.response()));
    expect(responses.map(({ text }) => text)).toEqual(Array(5).fill('not now'));
    expect(one.calls).toHaveLength(1);
    await expectAtRest(gateway);
  });

  it('gets the fallback at once when the only backend is taken out while its requests are under way', async () => {
    const one = await startScripted('one', faults.hangs);
    const gateway = await gatewayTo([one], { connections: { max: 1 }, fallback: { body: 'not now' } });
    const clients: RawClient[] = [];
    for (let number = 0; number < 3; number++) clients.push(await sendTo(gateway, `/${number}`, [one]));
    gateway.gateway.app.get(Upstreams).get('app').backends[0]!.veto('unhealthy');
    const responses = await Promise.all(clients.slice(1).map(client => client.response()));
    expect(responses.map(({ text }) => text)).toEqual(['not now', 'not now']);
    one.calls[0]!.answer();
    expect((await clients[0]!.response()).status).toBe(200);
    await expectAtRest(gateway);
  });

  it('lets a request that is tried again wait like any other', async () => {
    const [bad, busy] = [
      await startScripted('bad', faults.resetsBeforeTheHead),
      await startScripted('busy', faults.hangs),
    ];
    const gateway = await gatewayTo([busy, bad], { connections: { max: 1 }, retries: { backoff: '1ms' } });
    const held = await sendTo(gateway, '/held', [busy, bad]);
    const retried = request(gateway.port, { path: '/x' });
    await eventually(async () => bad.calls.length === 1 && (await waiting(gateway)) === 1);
    busy.behaviour = call => call.answer();
    busy.calls[0]!.answer();
    expect((await retried).text).toBe('busy GET /x');
    expect((await held.response()).status).toBe(200);
    await expectAtRest(gateway);
  });
});
