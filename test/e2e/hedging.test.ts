import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { bodyOf, startBackend, type BackendHandler } from '../support/backend.js';
import { connectRaw, request } from '../support/client.js';
import { faults, late } from '../support/faults.js';
import { patternOf } from '../support/pattern.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest, gatewayTo } from '../support/scene.js';
import { startScripted, type Behaviour } from '../support/scripted-backend.js';

const hedged = { hedgeAfter: '60ms', backoff: '1ms' };
const after =
  (milliseconds: number, then: Behaviour): Behaviour =>
  call =>
    void setTimeout(() => then(call), milliseconds);
const fails: Behaviour = call => call.answer(503, { body: '503 of the backend' });

describe('the second attempt beside a slow one', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'DELETE', 'PUT'])('is started for %s without a body', async method => {
    const [slow, fast] = [await startScripted('slow', faults.hangs), await startScripted('fast')];
    const gateway = await gatewayTo([slow, fast], { retries: hedged });
    expect((await request(gateway.port, { method, headers: ['Content-Length', '0'] })).status).toBe(200);
    expect([slow.calls.length, fast.calls.length]).toEqual([1, 1]);
    expect(await accessLineOf(gateway)).toMatchObject({ attempts: 2, backend: fast.id });
    expect(await gateway.metric('gatehouse_hedges_total', { upstream: 'app' })).toBe(1);
    await eventually(() => slow.abandoned === 1 && slow.openConnections === 0);
    await expectAtRest(gateway);
  });

  it('is not started with a body, nor for what may not be sent twice', async () => {
    const [slow, fast] = [await startScripted('slow', late(250)), await startScripted('fast', late(250))];
    const gateway = await gatewayTo([slow, fast], { retries: { ...hedged, methods: 'all' } });
    const all = [
      { method: 'POST' },
      { method: 'PATCH' },
      { method: 'PUT', body: 'a body' },
      { method: 'GET', body: 'a body' },
    ];
    for (const options of all) expect((await request(gateway.port, options)).status).toBe(200);
    expect(slow.calls.length + fast.calls.length).toBe(4);
    expect(await gateway.metric('gatehouse_hedges_total')).toBe(0);
  });

  it('is not started when the first has answered, however long its body takes', async () => {
    let end = (): void => {};
    const slow = await startBackend((incoming, response) => {
      if (incoming.url === '/later') return response.end('late');
      end = () => response.end(' and ended');
      return response.write('begun');
    });
    const other = await startScripted('other', faults.hangs);
    const gateway = await gatewayTo([slow, other], { retries: { ...hedged, hedgeAfter: '1s' } });
    const client = await connectRaw(gateway.port);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.until('begun');
    // This one begins later, and so its second attempt does.
    expect((await request(gateway.port, { path: '/later' })).text).toBe('late');
    end();
    expect((await client.response()).text).toBe('begun and ended');
    expect(other.calls.map(({ url }) => url)).toEqual(['/later']);
    expect(await gateway.metric('gatehouse_hedges_total')).toBe(1);
  });

  it('is not started where there is no other backend, nor where the other is full', async () => {
    const only = await startScripted('only', late(200));
    const alone = await gatewayTo([only], { retries: hedged });
    expect((await request(alone.port)).status).toBe(200);
    expect(only.calls).toHaveLength(1);

    const [one, two] = [await startScripted('one', late(300)), await startScripted('two', late(300))];
    const gateway = await gatewayTo([one, two], { retries: hedged, connections: { max: 1 } });
    await Promise.all([request(gateway.port), request(gateway.port)]);
    expect([one.calls.length, two.calls.length]).toEqual([1, 1]);
    await expectAtRest(gateway);
  });

  it('counts against the budget', async () => {
    const [one, two] = [await startScripted('one', late(120)), await startScripted('two', late(120))];
    const started = performance.now();
    const gateway = await gatewayTo([one, two], { retries: { ...hedged, hedgeAfter: '30ms', budget: '0%' } });
    await Promise.all(Array.from({ length: 60 }, () => request(gateway.port)));
    const seconds = (performance.now() - started) / 1000;
    const hedges = await gateway.metric('gatehouse_hedges_total');
    expect(hedges).toBeGreaterThanOrEqual(30);
    expect(hedges).toBeLessThanOrEqual(30 + 10 * seconds);
    expect(await gateway.metric('gatehouse_retries_withheld_total')).toBe(60 - hedges);
    await expectAtRest(gateway);
    // One may be given up before its request is written.
    expect(one.calls.length + two.calls.length).toBeLessThanOrEqual(60 + hedges);
    expect(await gateway.metric('gatehouse_attempts_total')).toBe(60 + hedges);
  });
});

describe('the answer that wins', () => {
  const megabyte = patternOf(1024 * 1024);
  /** Sends it in so many pieces, each when the one before has left, once `mayBegin` has come. */
  const sends =
    (mayBegin: () => Promise<void>, pieces: number): BackendHandler =>
    async (incoming, response) => {
      await bodyOf(incoming);
      await mayBegin();
      response.setHeader('content-length', megabyte.length);
      const size = megabyte.length / pieces;
      for (let piece = 0; piece < pieces; piece++) {
        await new Promise(resolve => response.write(megabyte.subarray(piece * size, (piece + 1) * size), resolve));
      }
      response.end();
    };

  it('is whole and of one backend, also when both begin at about the same time', async () => {
    // The bytes of the one are not those of the other.
    const others = Buffer.from(megabyte.map(byte => byte ^ 255));
    let [fastIsAsked, fastWaits] = [Promise.withResolvers<void>(), false];
    const slow = await startBackend(sends(() => fastIsAsked.promise, 8));
    const fast = await startBackend(async (incoming, response) => {
      await bodyOf(incoming);
      fastIsAsked.resolve();
      if (fastWaits) await turn();
      response.end(others);
    });
    const gateway = await gatewayTo([slow, fast], { retries: { ...hedged, budget: '100%' } });
    let ofSlow = 0;
    for (let number = 0; number < 12; number++) {
      // The first attempt is by turns on the one and on the other; now the one begins a little sooner, now the other.
      [fastIsAsked, fastWaits] = [Promise.withResolvers<void>(), number % 4 >= 2];
      const { body, status } = await request(gateway.port);
      const isSlow = body.equals(megabyte);
      if (isSlow) ofSlow++;
      expect([status, isSlow || body.equals(others)]).toEqual([200, true]);
    }
    expect(ofSlow).toBeLessThan(12);
    await expectAtRest(gateway);
  });

  it('is that of the first, when the second is slower still; the second is closed', async () => {
    const asked = Promise.withResolvers<void>();
    const first = await startBackend(sends(() => asked.promise, 4));
    const second = await startScripted('second', () => asked.resolve());
    const gateway = await gatewayTo([first, second], { retries: hedged });
    expect((await request(gateway.port)).body.equals(megabyte)).toBe(true);
    expect(second.calls).toHaveLength(1);
    await eventually(() => second.abandoned === 1 && second.openConnections === 0);
    expect(await accessLineOf(gateway)).toMatchObject({ attempts: 2, backend: `127.0.0.1:${first.port}` });
    await expectAtRest(gateway);
  });

  it('is cut when it breaks: the other one was given up', async () => {
    const [first, second] = [
      await startScripted('first', faults.hangs),
      await startScripted('second', faults.resetsInTheBody),
    ];
    const gateway = await gatewayTo([first, second], { retries: hedged });
    const client = await connectRaw(gateway.port);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const response = await client.response();
    expect([response.status, response.clean]).toEqual([200, false]);
    expect([first.calls.length, second.calls.length]).toEqual([1, 1]);
    await expectAtRest(gateway);
  });
});

describe('when an attempt of the two fails', () => {
  it.each([
    ['says 503', fails],
    ['resets', faults.resetsBeforeTheHead],
  ])('the other one is waited for: the second %s', async (_, behaviour) => {
    const [slow, bad] = [await startScripted('slow', late(250)), await startScripted('bad', behaviour)];
    const gateway = await gatewayTo([slow, bad], { retries: hedged });
    const response = await request(gateway.port, { path: '/x' });
    expect([response.status, response.text]).toEqual([200, 'slow GET /x']);
    expect([slow.calls.length, bad.calls.length]).toEqual([1, 1]);
    await expectAtRest(gateway);
  });

  it.each([
    ['says 503', fails],
    ['resets', faults.resetsBeforeTheHead],
  ])('the other one is waited for: the first %s', async (_, behaviour) => {
    const [bad, slow] = [await startScripted('bad', after(120, behaviour)), await startScripted('slow', late(250))];
    const gateway = await gatewayTo([bad, slow], { retries: hedged });
    const response = await request(gateway.port, { path: '/x' });
    expect([response.status, response.text]).toEqual([200, 'slow GET /x']);
    expect([slow.calls.length, bad.calls.length]).toEqual([1, 1]);
    await expectAtRest(gateway);
  });

  it('the other one is waited for, also where no retry may follow', async () => {
    const [slow, bad] = [await startScripted('slow', late(250)), await startScripted('bad', fails)];
    const gateway = await gatewayTo([slow, bad], { retries: { ...hedged, attempts: 0 } });
    expect((await request(gateway.port)).status).toBe(200);
    expect(await accessLineOf(gateway)).toMatchObject({ attempts: 2, backend: slow.id });
    await expectAtRest(gateway);
  });

  it('the client gets one error, when both fail and nothing is left to try', async () => {
    for (const [behaviour, status, code] of [
      [faults.resetsBeforeTheHead, 502, 'RESET'],
      [fails, 503, undefined],
    ] as const) {
      const backends = [
        await startScripted('a', after(100, behaviour)),
        await startScripted('b', after(100, behaviour)),
      ];
      const gateway = await gatewayTo(backends, { retries: { ...hedged, attempts: 0 } });
      const client = await connectRaw(gateway.port);
      client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      const response = await client.response();
      expect([response.status, response.header('x-gateway-error')]).toEqual([status, code]);
      await expectAtRest(gateway);
      expect(client.rest.length).toBe(0);
      expect(await accessLineOf(gateway)).toMatchObject({ status, attempts: 2 });
      expect(await gateway.metric('gatehouse_requests_total')).toBe(1);
    }
  });

  it('both failed ones are followed by a retry within `attempts`', async () => {
    const flaky = (name: string): Promise<Awaited<ReturnType<typeof startScripted>>> =>
      startScripted(name, call => (call.number === 1 ? setTimeout(() => call.reset(), 100) : call.answer()));
    const backends = [await flaky('a'), await flaky('b')];
    const gateway = await gatewayTo(backends, { retries: { ...hedged, attempts: 1 } });
    expect((await request(gateway.port)).status).toBe(200);
    expect(await accessLineOf(gateway)).toMatchObject({ attempts: 3 });
    await expectAtRest(gateway);
  });

  it('neither is asked again while there is a backend that was not asked', async () => {
    const bad = await startScripted('bad', after(100, faults.resetsBeforeTheHead));
    let count = 0;
    const others: Behaviour = call => (++count === 1 ? after(200, fails)(call) : call.answer());
    const gateway = await gatewayTo([bad, await startScripted('b', others), await startScripted('c', others)], {
      retries: hedged,
    });
    expect((await request(gateway.port)).status).toBe(200);
    expect(bad.calls).toHaveLength(1);
  });

  it('its connection does not stay busy with an answer that was dropped', async () => {
    const slow = await startScripted('slow', late(250));
    const bad = await startBackend((_, response) => response.writeHead(503, { 'content-length': 10 }).write('abc'));
    const gateway = await gatewayTo([slow, bad], { retries: hedged });
    expect((await request(gateway.port)).status).toBe(200);
    await eventually(() => bad.openConnections === 0, { deadline: 3000 });
  });
});

describe('a client whose request is made twice', () => {
  it('cancels both when it leaves, and neither is held against its backend', async () => {
    const backends = [await startScripted('a', faults.hangs), await startScripted('b', faults.hangs)];
    const gateway = await gatewayTo(backends, { retries: hedged, circuitBreaker: { volumeThreshold: 1 } });
    const client = await connectRaw(gateway.port);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => backends.every(({ calls }) => calls.length === 1));
    client.reset();
    await eventually(() =>
      backends.every(({ abandoned, openConnections }) => abandoned === 1 && openConnections === 0),
    );
    await expectAtRest(gateway);
    expect(await accessLineOf(gateway)).toMatchObject({ status: 499, attempts: 2 });
    expect(await gateway.metric('gatehouse_circuit_state')).toBe(0);
    expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
  });

  it('starts no second attempt when it left before', async () => {
    const backends = [await startScripted('a', faults.hangs), await startScripted('b', faults.hangs)];
    const gateway = await gatewayTo(backends, { retries: { ...hedged, hedgeAfter: '200ms' } });
    const client = await connectRaw(gateway.port);
    client.send('GET /left HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => backends.some(({ calls }) => calls.length === 1));
    client.reset();
    await expectAtRest(gateway);
    // This one begins later, and so its second attempt does.
    const stays = await connectRaw(gateway.port);
    stays.send('GET /stays HTTP/1.1\r\nHost: x\r\n\r\n');
    const calls = (): string[] => backends.flatMap(backend => backend.calls.map(({ url }) => url));
    await eventually(() => calls().filter(url => url === '/stays').length === 2);
    expect(calls().filter(url => url === '/left')).toHaveLength(1);
  });

  it('gets the Early Hints of the only attempt', async () => {
    const backend = await startBackend((_, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => response.end('ok'));
    });
    const gateway = await gatewayTo([backend], { retries: { hedgeAfter: '5s' } });
    expect((await request(gateway.port)).informational.map(({ status }) => status)).toEqual([103]);
  });
});

describe('with hedgeAfter: p95', () => {
  it('the second attempt is started after what 95 % of the recent answers took, once 20 are known', async () => {
    const [one, two] = [await startScripted('one', late(20)), await startScripted('two', late(20))];
    const gateway = await gatewayTo([one, two], { retries: { hedgeAfter: 'p95', budget: '100%' } });
    const slowed = late(1000);
    // Too few are known.
    one.behaviour = slowed;
    const started = performance.now();
    await Promise.all([request(gateway.port), request(gateway.port)]);
    expect(performance.now() - started).toBeGreaterThan(990);
    expect(await gateway.metric('gatehouse_hedges_total')).toBe(0);
    one.behaviour = late(20);
    await Promise.all(Array.from({ length: 60 }, () => request(gateway.port)));
    const before = await gateway.metric('gatehouse_hedges_total');
    one.behaviour = slowed;
    await Promise.all([request(gateway.port), request(gateway.port)]);
    expect(await gateway.metric('gatehouse_hedges_total')).toBeGreaterThan(before);
    await expectAtRest(gateway);
  });
});
