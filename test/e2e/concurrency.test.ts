import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { answer, startBackend } from '../support/backend.js';
import { request, type RequestOptions, type Response } from '../support/client.js';
import { expectNoPlaceTaken, keysIn, startHeldBackend, type HeldBackend } from '../support/concurrency-scene.js';
import { openStream, startEventBackend } from '../support/event-stream.js';
import { connectHttp2 } from '../support/http2-client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { startRawBackend } from '../support/raw-backend.js';
import { connectRaw } from '../support/raw-client.js';
import { accessLineOf, gatewayTo } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { openWebSocket, refusedWebSocket } from '../support/websocket-client.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';

/** A gateway before a backend that holds its requests. `security`: beside the limit. */
async function held(concurrency: object, others: object = {}) {
  const backend = await startHeldBackend();
  const gateway = await gatewayTo([backend], {}, { security: { concurrency }, ...others });
  return { backend, gateway };
}

/** Sends requests that the backend then holds, `before` others. */
async function inFlight(
  gateway: InProcessGateway,
  backend: HeldBackend,
  all: readonly RequestOptions[],
  before = 0,
): Promise<Promise<Response>[]> {
  const asked = all.map(options => request(gateway.port, options));
  await backend.holds(before + all.length);
  return asked;
}

const statusOf = async (gateway: InProcessGateway, options: RequestOptions = {}): Promise<number> =>
  (await request(gateway.port, options)).status;
const keyed = (key: string): RequestOptions => ({ headers: { 'x-key': key } });

describe('a limit of requests at once', () => {
  it('refuses those beyond it, and has a place again when one is over', async () => {
    const { backend, gateway } = await held({ limit: 2 });
    const first = await inFlight(gateway, backend, [{}, { method: 'POST', body: 'x' }]);
    const refused = await request(gateway.port);
    expect([refused.status, refused.header('retry-after'), refused.header('x-gateway-error')]).toEqual([
      429,
      '1',
      'DENIED',
    ]);
    expect(refused.header('content-type')).toBe('application/problem+json');
    expect(refused.json()).toMatchObject({ status: 429, detail: 'Too many requests at once.' });
    expect(await accessLineOf(gateway)).toMatchObject({
      status: 429,
      error: 'DENIED',
      reason: 'concurrency 2 per address',
    });
    backend.answer();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
    await expectNoPlaceTaken(gateway);
    const again = await inFlight(gateway, backend, [{}, {}]);
    expect(await statusOf(gateway)).toBe(429);
    backend.answer();
    await Promise.all(again);
    expect(backend.backend.requests).toHaveLength(4);
  });

  it('is one for each key, and for the address where the key is missing', async () => {
    const { backend, gateway } = await held([
      { limit: 1, key: 'header:x-key' },
      { limit: 3, key: 'global' },
    ]);
    const asked = await inFlight(gateway, backend, [keyed('a'), keyed('b')]);
    expect(await statusOf(gateway, keyed('a'))).toBe(429);
    const [last] = await inFlight(gateway, backend, [{}], 2);
    expect([await statusOf(gateway), await statusOf(gateway, keyed('c'))]).toEqual([429, 429]);
    backend.answer();
    await Promise.all([...asked, last]);
    await expectNoPlaceTaken(gateway);
  });

  it('counts the clients of a trusted proxy each for themselves, and an IPv6 network as one', async () => {
    const { backend, gateway } = await held({ limit: 1 }, { trustedProxies: ['127.0.0.1'] });
    const from = (address: string): RequestOptions => ({ headers: { 'x-forwarded-for': address } });
    const asked = await inFlight(gateway, backend, [from('198.51.100.1'), from('2001:db8:0:7::1')]);
    expect(await statusOf(gateway, from('198.51.100.1'))).toBe(429);
    expect(await statusOf(gateway, from('2001:db8:0:7:ffff::2'))).toBe(429);
    const other = await inFlight(gateway, backend, [from('2001:db8:0:8::1')], 2);
    backend.answer();
    await Promise.all([...asked, ...other]);
  });

  it('keyed by a claim counts after the token has been checked, wherever it is used', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] });
    const issuer = await startBackend(answer(200, keys, ['Content-Type', 'application/json']));
    const auth = {
      jwt: { jwks: issuer.url, issuer: 'https://issuer.example', audience: 'shop', algorithms: ['ES256'] },
    };
    const concurrency = { limit: 1, key: 'jwt:sub' };
    const { backend, gateway } = await held([], { security: { auth, concurrency } });
    const as = async (sub: string): Promise<RequestOptions> => {
      const token = await new SignJWT({ sub })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer('https://issuer.example')
        .setAudience('shop')
        .setExpirationTime('10m')
        .sign(privateKey);
      return { headers: { authorization: `Bearer ${token}` } };
    };
    const asked = await inFlight(gateway, backend, [await as('ann')]);
    expect(await statusOf(gateway, await as('ann'))).toBe(429);
    expect(await statusOf(gateway, { headers: { authorization: 'Bearer forged' } })).toBe(401);
    expect(keysIn(gateway)).toBe(1);
    const other = await inFlight(gateway, backend, [await as('bob')], 1);
    backend.answer();
    await Promise.all([...asked, ...other]);
    await expectNoPlaceTaken(gateway);
  });

  it('is shared by the routes that inherit it, and replaced or switched off by a route', async () => {
    const backend = await startHeldBackend();
    const gateway = await gatewayTo(
      [backend],
      {},
      {
        security: { concurrency: { limit: 1 } },
        routes: [
          { match: { path: '/own/*' }, upstream: 'app', security: { concurrency: { limit: 1 } } },
          { match: { path: '/free/*' }, upstream: 'app', security: { concurrency: [] } },
          { match: { path: '/one/*' }, upstream: 'app' },
          { match: { path: '/two/*' }, upstream: 'app' },
        ],
      },
    );
    const at = (path: string): RequestOptions => ({ path });
    const asked = await inFlight(gateway, backend, [at('/one/'), at('/own/'), at('/free/'), at('/free/')]);
    expect(await statusOf(gateway, at('/two/'))).toBe(429);
    expect(await statusOf(gateway, at('/own/'))).toBe(429);
    backend.answer();
    await Promise.all(asked);
    await expectNoPlaceTaken(gateway);
  });

  it('takes one place for a request that is tried again', async () => {
    const dying = await startRawBackend(async connection => {
      await connection.head();
      connection.reset();
    });
    const backend = await startHeldBackend();
    const gateway = await gatewayTo([dying, backend], {}, { security: { concurrency: { limit: 2 } } });
    // The first begins at the backend that dies.
    const asked = await inFlight(gateway, backend, [{}, {}]);
    expect(dying.connections.length).toBeGreaterThan(0);
    expect(await statusOf(gateway)).toBe(429);
    backend.answer();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
    await expectNoPlaceTaken(gateway);
  });

  it('counts a client that has left no longer', async () => {
    const { backend, gateway } = await held({ limit: 1 });
    for (let round = 0; round < 3; round++) {
      const client = await connectRaw(gateway.port);
      client.send('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
      await backend.holds(1);
      expect(await statusOf(gateway)).toBe(429);
      client.reset();
      await expectNoPlaceTaken(gateway);
      await backend.holds(0);
    }
  });

  it('goes on counting what is in flight when the configuration changes', async () => {
    const { backend, gateway } = await held({ limit: 1 });
    const first = await inFlight(gateway, backend, [{}]);
    const routes = [
      { name: 'new', match: { path: '/new' }, respond: {} },
      { match: { path: '/*' }, upstream: 'app' },
    ];
    const next = { upstreams: { app: { backends: [backend.url] } }, routes };
    await gateway.apply({ ...next, security: { concurrency: { limit: 1 } } });
    expect(await statusOf(gateway)).toBe(429);
    await gateway.apply({ ...next, security: { concurrency: { limit: 2 } } });
    const second = await inFlight(gateway, backend, [{}], 1);
    expect(await statusOf(gateway, { path: '/new' })).toBe(429);
    await gateway.apply(next);
    expect(await statusOf(gateway, { path: '/new' })).toBe(200);
    backend.answer();
    await Promise.all([...first, ...second]);
    await expectNoPlaceTaken(gateway);
  });

  it('holds for the streams of HTTP/2 and for connections of HTTP/1.1 together', async () => {
    const backend = await startHeldBackend();
    const gateway = await secureGatewayTo([backend], { others: { security: { concurrency: { limit: 2 } } } });
    const client = await connectHttp2(gateway.port);
    const leaving = client.open({}, true);
    const staying = client.request();
    await backend.holds(2);
    expect((await client.request()).status).toBe(429);
    expect(await statusOf(gateway, { tls: { rejectUnauthorized: false } })).toBe(429);
    leaving.close(8);
    await backend.holds(1);
    const next = client.request();
    await backend.holds(2);
    backend.answer();
    expect([(await staying).status, (await next).status]).toEqual([200, 200]);
    await expectNoPlaceTaken(gateway);
  });
});

describe('a limit of what is in flight', () => {
  it('counts an event stream until it ends', async () => {
    const events = await startEventBackend();
    const gateway = await gatewayTo([events], {}, { security: { concurrency: { limit: 2 } } });
    const [first, second] = [await openStream(gateway.port), await openStream(gateway.port)];
    await events.send('data: 1\n\n', 1);
    await first.until('data: 1\n\n');
    expect(await statusOf(gateway)).toBe(429);
    first.leave();
    await eventually(async () => expect((await openStream(gateway.port)).status).toBe(200));
    (await events.stream(2)).response.end();
    expect(await second.end()).toBe('end');
    const next = await openStream(gateway.port);
    expect([next.status, await statusOf(gateway)]).toEqual([200, 429]);
  });

  it('counts a tunnel until it is closed', async () => {
    const backend = await startWebSocketBackend();
    const gateway = await gatewayTo([backend], {}, { security: { concurrency: { limit: 1 } } });
    const first = await openWebSocket(gateway.port);
    expect(await first.ask('hello')).toBe('hello');
    expect((await refusedWebSocket(gateway.port)).statusCode).toBe(429);
    expect(await statusOf(gateway)).toBe(429);
    first.socket.close(1000);
    await first.closed();
    await expectNoPlaceTaken(gateway);
    // A handshake that the backend refuses has no place behind its answer.
    expect(await statusOf(gateway)).toBe(426);
    await expectNoPlaceTaken(gateway);
    await openWebSocket(gateway.port);
    expect(keysIn(gateway)).toBe(1);
  });
});
