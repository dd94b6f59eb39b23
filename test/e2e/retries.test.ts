import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { refusedPort, startBackend, type Echo } from '../support/backend.js';
import { connectRaw, request } from '../support/client.js';
import { faults } from '../support/faults.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { patternOf } from '../support/pattern.js';
import { eventually } from '../support/poll.js';
import { startRawBackend } from '../support/raw-backend.js';
import { accessLineOf, expectAtRest, gatewayTo, neverConnects } from '../support/scene.js';
import { startScripted, type Behaviour, type ScriptedBackend } from '../support/scripted-backend.js';

const soon = { backoff: '1ms' };
const says =
  (status: number, ...headers: string[]): Behaviour =>
  call =>
    call.answer(status, { body: `${status} of the backend`, headers });
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

interface Pair {
  readonly gateway: InProcessGateway;
  readonly upstream: string;
  /** That leads to it. */
  readonly path: string;
  readonly bad: ScriptedBackend;
  readonly good: ScriptedBackend;
}
interface Pairs {
  at(index: number): Pair;
}

/** One gateway with an upstream for each of these: a backend that behaves so, which is asked first, and a good one. */
async function startPairs(rows: readonly { behaviour: Behaviour; retries?: object }[]): Promise<Pairs> {
  const upstreams: Record<string, object> = {};
  const backends: { bad: ScriptedBackend; good: ScriptedBackend }[] = [];
  for (const [index, { behaviour, retries }] of rows.entries()) {
    const [bad, good] = [await startScripted('bad', behaviour), await startScripted('good')];
    backends.push({ bad, good });
    upstreams[`pair${index}`] = { backends: [bad.url, good.url], retries: { ...soon, ...retries } };
  }
  const routes = Object.keys(upstreams).map(upstream => ({ match: { path: `/${upstream}` }, upstream }));
  const gateway = await startInProcess({ upstreams, routes });
  return {
    at: index => ({ gateway, upstream: `pair${index}`, path: `/pair${index}`, ...backends[index]! }),
  };
}

describe('a GET whose first backend fails', () => {
  // In each tryTimeout a machine that has other things to do answers, too.
  const failures: readonly [string, Behaviour, object][] = [
    ['resets the connection', faults.resetsBeforeTheHead, {}],
    ['ends the connection without an answer', call => call.end(), {}],
    ['says 502', says(502), {}],
    ['says 503', says(503), {}],
    ['says 504', says(504), {}],
    ['says 500, with `on: [5xx]`', says(500), { on: ['5xx'] }],
    ['says 599, with `on: [5xx]`', says(599), { on: ['5xx'] }],
    ['says 429, with `on: [429]`', says(429), { on: [429] }],
    ['is silent for tryTimeout, with `on: [timeout]`', faults.hangs, { on: ['timeout'], tryTimeout: '1s' }],
  ];

  const finals: readonly (readonly [string, Behaviour, object, number])[] = [
    ['500', says(500), {}, 500],
    ['429', says(429), {}, 429],
    ['404', says(404), { on: ['5xx'] }, 404],
    ['503, with attempts: 0', says(503), { attempts: 0 }, 503],
    ['503, where that is not in `on`', says(503), { on: ['reset'] }, 503],
    ['nothing for tryTimeout', faults.hangs, { tryTimeout: '500ms' }, 504],
    ['something that is not HTTP', faults.sendsGarbage, {}, 502],
  ];
  let pairs: Pairs;

  beforeAll(async () => {
    pairs = await startPairs([...failures, ...finals].map(([, behaviour, retries]) => ({ behaviour, retries })));
  });

  it.each(failures.map(([name], index) => [name, index] as const))(
    'is answered by another one, when the first %s',
    async (_, index) => {
      const { gateway, path, upstream, bad, good } = pairs.at(index);
      const response = await request(gateway.port, { path });
      expect([response.status, response.text]).toEqual([200, `good GET ${path}`]);
      expect([bad.calls.length, good.calls.length]).toEqual([1, 1]);
      const line = await gateway.waitForLog(each => each.path === path);
      expect(line).toMatchObject({ status: 200, attempts: 2, backend: good.id });
      expect(await gateway.metric('gatehouse_retries_total', { upstream })).toBe(1);
      await expectAtRest(gateway);
    },
  );

  it('is answered by another one, when the first refuses connections', async () => {
    const good = await startScripted('good');
    const gateway = await gatewayTo([`http://127.0.0.1:${await refusedPort()}`, good], { retries: soon });
    expect((await request(gateway.port)).status).toBe(200);
    expect(await accessLineOf(gateway)).toMatchObject({ attempts: 2, backend: good.id });
    expect(await gateway.metric('gatehouse_retries_total', { reason: 'connect-failure' })).toBe(1);
  });

  it('is answered by another one, when no connection to the first stands within timeouts.connect', async () => {
    const [{ url }, good] = [await neverConnects(), await startScripted('good')];
    const gateway = await gatewayTo([url, good], { timeouts: { connect: '150ms' }, retries: soon });
    const started = performance.now();
    expect((await request(gateway.port)).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(140);
  });

  it.each(finals.map(([name, , , status], index) => [name, status, index] as const))(
    'is not tried again when it said %s',
    async (_, status, index) => {
      const { gateway, path, bad, good } = pairs.at(failures.length + index);
      expect((await request(gateway.port, { path })).status).toBe(status);
      expect([bad.calls.length, good.calls.length]).toEqual([1, 0]);
      expect(await gateway.waitForLog(each => each.path === path)).toMatchObject({ status, attempts: 1 });
      await expectAtRest(gateway);
    },
  );

  it('gets the answer of the last one when all fail, each asked once', async () => {
    const backends = await Promise.all(['a', 'b', 'c', 'd'].map(name => startScripted(name, says(503))));
    const gateway = await gatewayTo(backends, { retries: soon });
    const response = await request(gateway.port);
    expect([response.status, response.text]).toEqual([503, '503 of the backend']);
    expect(response.header('x-gateway-error')).toBeUndefined();
    expect(backends.map(({ calls }) => calls.length).toSorted()).toEqual([0, 1, 1, 1]);
    expect(await accessLineOf(gateway)).toMatchObject({ attempts: 3 });
    await expectAtRest(gateway);
  });

  it('asks the same one again where there is no other, when that reset the connection', async () => {
    const only = await startScripted('only', call => (call.number < 3 ? call.reset() : call.answer()));
    const gateway = await gatewayTo([only], { retries: soon });
    expect((await request(gateway.port)).status).toBe(200);
    expect(only.calls).toHaveLength(3);
  });
});

describe('the method of a request', () => {
  const safe = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'];
  let pairs: Pairs;

  beforeAll(async () => {
    pairs = await startPairs(safe.map(() => ({ behaviour: says(503) })));
  });

  it.each(safe)('%s may be sent twice', async method => {
    const { gateway, path, good } = pairs.at(safe.indexOf(method));
    expect((await request(gateway.port, { method, path })).status).toBe(200);
    expect(good.calls[0]?.method).toBe(method);
  });

  it.each(['POST', 'PATCH'])('%s is not sent twice, for any failure', async method => {
    for (const behaviour of [says(503), faults.resetsBeforeTheHead]) {
      const [bad, good] = [await startScripted('bad', behaviour), await startScripted('good')];
      const gateway = await gatewayTo([bad, good], { retries: soon });
      expect((await request(gateway.port, { method, body: 'a body' })).status).toBeGreaterThanOrEqual(502);
      expect((await request(gateway.port, { method })).status).toBe(200);
      expect([bad.calls.length, good.calls.length]).toEqual([1, 1]);
    }
  });

  it('POST is sent again when no byte of it had reached a backend', async () => {
    for (const headers of [[], ['Transfer-Encoding', 'chunked']]) {
      const good = await startBackend();
      const gateway = await gatewayTo([`http://127.0.0.1:${await refusedPort()}`, good], { retries: soon });
      const body = patternOf(10_000);
      const response = await request(gateway.port, { method: 'POST', body, headers });
      expect(response.json<Echo>()).toMatchObject({ method: 'POST', bodyLength: 10_000, sha256: sha256(body) });
      expect(await accessLineOf(gateway)).toMatchObject({ attempts: 2 });
    }
  });

  it('is any with `methods: all`, and those of a list', async () => {
    for (const [methods, retried] of [
      ['all', ['POST', 'GET']],
      [['POST'], ['POST']],
    ] as const) {
      for (const method of ['POST', 'GET']) {
        const [bad, good] = [await startScripted('bad', says(503)), await startScripted('good')];
        const gateway = await gatewayTo([bad, good], { retries: { ...soon, methods } });
        const { status } = await request(gateway.port, { method });
        expect([methods, method, status]).toEqual([
          methods,
          method,
          (retried as readonly string[]).includes(method) ? 200 : 503,
        ]);
      }
    }
  });
});

describe('a response that has begun', () => {
  it.each([
    ['resets', faults.resetsInTheBody],
    ['ends too early', faults.sendsAShortBody],
    ['ends without its last chunk', faults.endsWithoutTheLastChunk],
  ])('is cut, and the request not sent again, when the backend %s', async (_, behaviour) => {
    const [bad, good] = [await startScripted('bad', behaviour), await startScripted('good')];
    const gateway = await gatewayTo([bad, good], {
      retries: { ...soon, on: ['connect-failure', 'reset', 'timeout', '5xx'] },
    });
    const client = await connectRaw(gateway.port);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const response = await client.response();
    expect([response.status, response.clean]).toEqual([200, false]);
    expect([bad.calls.length, good.calls.length]).toEqual([1, 0]);
    expect(await accessLineOf(gateway)).toMatchObject({ attempts: 1, error: 'BODY_BROKEN' });
    await expectAtRest(gateway);
  });

  it('is not read on for ever when it was dropped: the client gets that of another backend, and only that', async () => {
    const bad = await startBackend((_, response) => {
      response.writeHead(503);
      const writing = setInterval(() => response.write(Buffer.alloc(16 * 1024)), 1);
      response.on('close', () => clearInterval(writing));
    });
    const good = await startScripted('good');
    const gateway = await gatewayTo([bad, good], { retries: soon });
    const response = await request(gateway.port, { path: '/x' });
    expect([response.status, response.text]).toEqual([200, 'good GET /x']);
    await eventually(() => bad.openConnections === 0);
    await expectAtRest(gateway);
  });

  it('does not keep the next attempt from a connection, when it was dropped', async () => {
    let count = 0;
    const raw = await startRawBackend(async connection => {
      await connection.head();
      count++;
      connection.respond(
        `HTTP/1.1 ${count === 1 ? 503 : 200} X\r\nContent-Length: 3\r\n\r\n${count === 1 ? 'a' : 'abc'}`,
      );
    });
    const good = await startScripted('good');
    const upstream = { retries: soon, connections: { max: 1 }, timeouts: { response: '1s' } };
    const gateway = await gatewayTo([raw, good], upstream);
    for (let number = 0; number < 3; number++) {
      expect((await request(gateway.port, { timeout: 3000 })).status).toBe(200);
    }
    expect([count, good.calls.length]).toEqual([2, 2]);
  });
});
