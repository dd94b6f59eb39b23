import http from 'node:http';
import { describe, expect, it } from 'vitest';
import { connectRaw, request, type RawClient } from '../support/client.js';
import { faults } from '../support/faults.js';
import { eventually } from '../support/poll.js';
import { startRawBackend } from '../support/raw-backend.js';
import { accessLineOf, expectAtRest, gatewayTo, neverConnects } from '../support/scene.js';
import { startScripted, type Behaviour } from '../support/scripted-backend.js';

const soon = { backoff: '1ms' };
const says =
  (status: number, ...headers: string[]): Behaviour =>
  call =>
    call.answer(status, { body: `${status} of the backend`, headers });

describe('a client that leaves', () => {
  /** A wait of which no random part is short. */
  const late = { retries: { backoff: '1h', attempts: 1 }, timeouts: { response: '0s' } };

  it('while the gateway waits to try again: nothing more is sent, and nothing stays open', async () => {
    const [bad, good] = [await startScripted('bad', says(503)), await startScripted('good')];
    const gateway = await gatewayTo([bad, good], late);
    const client = await connectRaw(gateway.port);
    client.send('GET /left HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(async () => (await gateway.metric('gatehouse_retries_total')) === 1);
    client.close();
    await expectAtRest(gateway);
    expect(await accessLineOf(gateway)).toMatchObject({ status: 499, error: 'CLIENT_ABORTED', attempts: 1 });
    expect([bad.calls.length, good.calls.length]).toEqual([1, 0]);
  });

  it('in the middle of its upload, while the gateway waits to try again', async () => {
    const bad = await startRawBackend(async connection => {
      await connection.until('first');
      connection.end('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n');
    });
    const gateway = await gatewayTo([bad, await startScripted('good')], late);
    const client = await connectRaw(gateway.port);
    client.send('PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n');
    await (
      await bad.connection()
    ).closed;
    client.reset();
    await expectAtRest(gateway);
    expect(await accessLineOf(gateway)).toMatchObject({ status: 499, attempts: 1 });
    expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
  });
});

describe('the budget of an upstream', () => {
  it('lets answers through, once it is used up', async () => {
    const [one, two] = [await startScripted('one', says(503)), await startScripted('two', says(503))];
    // Thirty at once, and ten a second, are added from the gateway's start on.
    const started = performance.now();
    const settings = { retries: { ...soon, budget: '0%' }, circuitBreaker: { enabled: false } };
    const gateway = await gatewayTo([one, two], settings);
    const statuses: number[] = [];
    for (let number = 0; number < 60; number++) statuses.push((await request(gateway.port)).status);
    const seconds = (performance.now() - started) / 1000;
    expect(new Set(statuses)).toEqual(new Set([503]));
    const added = one.calls.length + two.calls.length - 60;
    expect(added).toBeGreaterThanOrEqual(30);
    expect(added).toBeLessThanOrEqual(30 + 10 * seconds);
    expect(await gateway.metric('gatehouse_retries_total', { upstream: 'app' })).toBe(added);
    expect(await gateway.metric('gatehouse_retries_withheld_total', { upstream: 'app' })).toBeGreaterThanOrEqual(
      60 - added,
    );
    expect(await accessLineOf(gateway, 60)).toMatchObject({ status: 503 });
    await expectAtRest(gateway);
  });

  it('lets the error through, too', async () => {
    const only = await startScripted('only', faults.resetsBeforeTheHead);
    const gateway = await gatewayTo([only], { retries: { ...soon, budget: '0%' }, circuitBreaker: { enabled: false } });
    for (let number = 0; number < 60; number++) {
      const response = await request(gateway.port);
      expect([response.status, response.header('x-gateway-error')]).toEqual([502, 'RESET']);
    }
    expect(await gateway.metric('gatehouse_retries_withheld_total')).toBeGreaterThan(10);
  });
});

describe('a route', () => {
  const routesOf = (settings: object): object => ({
    routes: [
      { match: { path: '/own/*' }, upstream: 'app', ...settings },
      { match: { path: '/*' }, upstream: 'app' },
    ],
  });

  it('has its own retries, key by key', async () => {
    const bad = await startScripted('bad', faults.resetsBeforeTheHead);
    const gateway = await gatewayTo(
      [bad],
      { retries: { ...soon, attempts: 3 } },
      routesOf({ retries: { attempts: 1 } }),
    );
    await request(gateway.port, { path: '/own/x' });
    expect(bad.calls).toHaveLength(2);
    await request(gateway.port, { path: '/x' });
    expect(bad.calls).toHaveLength(6);
    expect(await accessLineOf(gateway, 1)).toMatchObject({ attempts: 2 });
    expect(await accessLineOf(gateway, 2)).toMatchObject({ attempts: 4 });
  });

  it.each([
    ['shorter', '400ms', '100ms'],
    ['longer', '100ms', '400ms'],
  ])('has its own timeouts.connect: %s', async (_, general, own) => {
    const { url } = await neverConnects();
    const gateway = await gatewayTo(
      [url],
      { retries: { attempts: 0 }, timeouts: { connect: general } },
      routesOf({ timeouts: { connect: own } }),
    );
    for (const [path, limit] of [
      ['/own/x', own],
      ['/x', general],
    ] as const) {
      const started = performance.now();
      const response = await request(gateway.port, { path });
      const took = performance.now() - started;
      expect([response.status, response.header('x-gateway-error')]).toEqual([504, 'CONNECT_TIMEOUT']);
      expect(took).toBeGreaterThan(Number.parseInt(limit, 10) - 10);
    }
    await expectAtRest(gateway);
  });
});

describe('pipelined requests', () => {
  it('are each answered in their place while one of them is tried again', async () => {
    const bad = await startScripted('bad', call => call.answer(call.url === '/2' ? 503 : 200));
    const gateway = await gatewayTo([bad], { retries: { ...soon, attempts: 1 } });
    const client: RawClient = await connectRaw(gateway.port);
    client.send(['/1', '/2', '/3'].map(path => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
    const texts: string[] = [];
    for (let number = 0; number < 3; number++) {
      const { status, text } = await client.response();
      texts.push(`${status} ${text}`);
    }
    expect(texts).toEqual(['200 bad GET /1', '503 bad GET /2', '200 bad GET /3']);
    await expectAtRest(gateway);
  });
});

it('a hundred clients at once lose nothing while every second answer is a 503', async () => {
  const [flaky, good] = [await startScripted('flaky', says(503)), await startScripted('good')];
  const gateway = await gatewayTo([flaky, good], {
    retries: { ...soon, budget: '100%' },
    circuitBreaker: { enabled: false },
  });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 100 });
  const responses = await Promise.all(
    Array.from({ length: 300 }, (_, number) => request(gateway.port, { path: `/${number}`, agent })),
  );
  agent.destroy();
  expect(responses.map(({ text }) => text)).toEqual(Array.from({ length: 300 }, (_, number) => `good GET /${number}`));
  await expectAtRest(gateway);
});
