import { generateKeyPairSync } from 'node:crypto';
import { Global, Module } from '@nestjs/common';
import { exportJWK, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { RATE_LIMIT_MEMORY } from '../../src/security/rate-limit/rate-limit.module.js';
import { CellTable } from '../../src/shared-memory/cell-table.js';
import { answer, startBackend } from '../support/backend.js';
import { request, type RequestOptions, type Response } from '../support/client.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { accessLineOf } from '../support/scene.js';

const hour = '1h';

async function gatewayWith(rateLimit: object, others: object = {}): Promise<InProcessGateway> {
  const backend = await startBackend();
  return startInProcess({ upstreams: { app: { backends: [backend.url] } }, security: { rateLimit }, ...others });
}

async function ask(gateway: InProcessGateway, count: number, options: RequestOptions = {}): Promise<Response[]> {
  const responses: Response[] = [];
  for (let i = 0; i < count; i++) responses.push(await request(gateway.port, options));
  return responses;
}

const statuses = (responses: readonly Response[]): number[] => responses.map(({ status }) => status);
const passed = (responses: readonly Response[]): number => responses.filter(({ status }) => status === 200).length;

describe('rate limits', () => {
  it('let as many through as the limit says, and tell the others when to come again', async () => {
    const gateway = await gatewayWith({ limit: 3, per: hour });
    const responses = await ask(gateway, 5);
    expect(statuses(responses)).toEqual([200, 200, 200, 429, 429]);
    expect(responses.map(({ headers }) => headers['ratelimit-policy'])).toEqual(
      Array.from({ length: 5 }, () => '"default";q=3;w=3600'),
    );
    expect(responses.map(({ headers }) => headers['ratelimit'])).toEqual([
      '"default";r=2;t=1200',
      expect.stringMatching(/^"default";r=1;t=2(400|3\d\d)$/),
      expect.stringMatching(/^"default";r=0;t=3(600|5\d\d)$/),
      expect.stringMatching(/^"default";r=0;t=1(200|1\d\d)$/),
      expect.stringMatching(/^"default";r=0;t=1(200|1\d\d)$/),
    ]);
    const denied = responses[3]!;
    expect(denied.header('retry-after')).toMatch(/^1(200|1\d\d)$/);
    expect(denied.header('content-type')).toBe('application/problem+json');
    expect(denied.header('x-gateway-error')).toBe('DENIED');
    expect(denied.json()).toMatchObject({ status: 429, detail: 'Too many requests.' });
    expect(await accessLineOf(gateway, 4)).toMatchObject({ status: 429, error: 'DENIED' });
  });

  it('let one more through as soon as Retry-After says', async () => {
    const gateway = await gatewayWith({ limit: 1, per: '1s' });
    const [first, denied] = await ask(gateway, 2);
    expect([first?.status, denied?.status]).toEqual([200, 429]);
    const seconds = Number(denied?.header('retry-after'));
    expect(seconds).toBe(1);
    const deniedAt = performance.now();
    let again = await request(gateway.port);
    while (again.status === 429 && performance.now() - deniedAt < 10_000) again = await request(gateway.port);
    expect(again.status).toBe(200);
  });

  it('are exact when all come at once', async () => {
    const gateway = await gatewayWith({ limit: 25, per: hour });
    const responses = await Promise.all(Array.from({ length: 100 }, () => request(gateway.port)));
    expect(passed(responses)).toBe(25);
  });

  it('let a burst through that is smaller or larger than the limit', async () => {
    const small = await gatewayWith({ limit: 100, per: hour, burst: 2 });
    const responses = await ask(small, 3);
    expect(statuses(responses)).toEqual([200, 200, 429]);
    expect(responses[0]?.header('ratelimit-policy')).toBe('"default";q=100;w=3600');
    const large = await gatewayWith({ limit: 2, per: hour, burst: 4 });
    expect(passed(await ask(large, 6))).toBe(4);
  });

  it('cannot be evaded by a forged X-Forwarded-For, Forwarded or X-Real-IP', async () => {
    const gateway = await gatewayWith({ limit: 2, per: hour });
    const responses = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        request(gateway.port, {
          headers: {
            'x-forwarded-for': `198.51.100.${i}`,
            forwarded: `for=198.51.100.${i}`,
            'x-real-ip': `198.51.100.${i}`,
          },
        }),
      ),
    );
    expect(passed(responses)).toBe(2);
  });

  it('count the clients of a trusted proxy each for themselves, and one IPv6 network as one', async () => {
    const gateway = await gatewayWith({ limit: 1, per: hour }, { trustedProxies: ['127.0.0.1'] });
    const from = (address: string): Promise<Response> =>
      request(gateway.port, { headers: { 'x-forwarded-for': address } });
    expect((await from('198.51.100.1')).status).toBe(200);
    expect((await from('198.51.100.2')).status).toBe(200);
    expect((await from('::ffff:198.51.100.2')).status).toBe(429);
    expect((await from('2001:db8:0:7::1')).status).toBe(200);
    expect((await from('2001:db8:0:7:ffff::2')).status).toBe(429);
    expect((await from('2001:db8:0:8::1')).status).toBe(200);
  });

  it('count for a header, and for the address where it is missing or empty', async () => {
    const gateway = await gatewayWith({ limit: 2, per: hour, key: 'header:X-Api-Key' });
    const key = (value: string): RequestOptions => ({ headers: { 'x-api-key': value } });
    expect(statuses(await ask(gateway, 3, key('a')))).toEqual([200, 200, 429]);
    expect(statuses(await ask(gateway, 3, key('b')))).toEqual([200, 200, 429]);
    expect(statuses(await ask(gateway, 3))).toEqual([200, 200, 429]);
    expect(statuses(await ask(gateway, 1, key('')))).toEqual([429]);
    // A value that looks like the address of another is not taken for it.
    expect(statuses(await ask(gateway, 1, key('127.0.0.1')))).toEqual([200]);
    expect(statuses(await ask(gateway, 3, key('x'.repeat(5000))))).toEqual([200, 200, 429]);
    expect(statuses(await ask(gateway, 1, key(`${'x'.repeat(4999)}y`)))).toEqual([200]);
  });

  it('must all agree, and one that refuses spends nothing of the others', async () => {
    const gateway = await gatewayWith([
      { limit: 10, per: hour, key: 'global' },
      { limit: 2, per: hour, key: 'header:x-user' },
      { limit: 1000, per: '500ms', key: 'client-ip' },
    ]);
    const user = (name: string): RequestOptions => ({ headers: { 'x-user': name } });
    const first = await ask(gateway, 8, user('a'));
    expect(passed(first)).toBe(2);
    expect(first[0]?.header('ratelimit-policy')).toBe(
      '"global";q=10;w=3600, "header";q=2;w=3600, "client-ip";q=2000;w=1',
    );
    expect(first[0]?.header('ratelimit')).toBe('"global";r=9;t=360, "header";r=1;t=1800, "client-ip";r=999;t=1');
    expect(first[7]?.header('ratelimit')).toMatch(/^"global";r=8;t=7\d\d, "header";r=0;t=1(800|7\d\d), "client-ip";r=/);
    expect(first[7]?.header('retry-after')).toMatch(/^1(800|7\d\d)$/);
    for (const name of ['b', 'c', 'd', 'e']) expect(passed(await ask(gateway, 2, user(name)))).toBe(2);
    // The eight of the others and the two of the first: the six that were refused have not counted.
    expect(statuses(await ask(gateway, 1, user('f')))).toEqual([429]);
  });

  it('are counted together for all routes under the top-level block, and apart where a route has its own', async () => {
    const backend = await startBackend();
    const gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] } },
      security: { rateLimit: { limit: 3, per: hour } },
      routes: [
        { match: { path: '/own/*' }, upstream: 'app', security: { rateLimit: { limit: 1, per: hour } } },
        { match: { path: '/free/*' }, upstream: 'app', security: { rateLimit: [] } },
        { match: { path: '/one/*' }, upstream: 'app' },
        { match: { path: '/two/*' }, upstream: 'app' },
        { match: { path: '/ping' }, respond: { status: 200, body: 'pong' } },
      ],
    });
    const at = (path: string, count: number): Promise<Response[]> => ask(gateway, count, { path });
    expect(statuses(await at('/own/', 2))).toEqual([200, 429]);
    expect(statuses(await at('/one/', 2))).toEqual([200, 200]);
    expect(statuses(await at('/two/', 2))).toEqual([200, 429]);
    expect(statuses(await at('/ping', 1))).toEqual([429]);
    const free = await at('/free/', 5);
    expect(passed(free)).toBe(5);
    expect(free[0]?.header('ratelimit')).toBeUndefined();
  });

  it('show in place of fields of the same name that a backend sends', async () => {
    const backend = await startBackend((_request, response) => {
      response.setHeader('RateLimit', '"theirs";r=1');
      response.end('ok');
    });
    const gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] } },
      security: { rateLimit: { limit: 5, per: hour } },
    });
    expect((await request(gateway.port)).headerValues('ratelimit')).toEqual(['"default";r=4;t=720']);
  });

  it('count what the gateway answers itself, and what authentication refuses', async () => {
    const gateway = await gatewayWith([{ limit: 2, per: hour }], {
      security: {
        rateLimit: { limit: 2, per: hour },
        auth: { apiKey: { keys: [{ id: 'one', sha256: '0'.repeat(64) }] } },
      },
    });
    expect(statuses(await ask(gateway, 3, { headers: { 'x-api-key': 'guess' } }))).toEqual([401, 401, 429]);
  });

  it('count for a claim of a token, wherever it is used, after the token has been checked', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] });
    const issuer = await startBackend(answer(200, keys, ['Content-Type', 'application/json']));
    const gateway = await gatewayWith([], {
      security: {
        rateLimit: [
          { limit: 2, per: hour, key: 'jwt:sub' },
          { limit: 100, per: hour },
        ],
        auth: { jwt: { jwks: issuer.url, issuer: 'https://issuer.example', audience: 'shop', algorithms: ['ES256'] } },
      },
    });
    const as = async (sub: string): Promise<RequestOptions> => {
      const token = await new SignJWT({ sub })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer('https://issuer.example')
        .setAudience('shop')
        .setExpirationTime('10m')
        .sign(privateKey);
      return { headers: { authorization: `Bearer ${token}` } };
    };
    const alice = await ask(gateway, 2, await as('alice'));
    expect(statuses(alice)).toEqual([200, 200]);
    expect(alice[0]?.header('ratelimit')).toBe('"client-ip";r=99;t=36, "jwt";r=1;t=1800');
    expect(alice[0]?.header('ratelimit-policy')).toBe('"client-ip";q=100;w=3600, "jwt";q=2;w=3600');
    expect(statuses(await ask(gateway, 2, await as('alice')))).toEqual([429, 429]);
    expect(statuses(await ask(gateway, 1, await as('bob')))).toEqual([200]);
    expect(statuses(await ask(gateway, 3, { headers: { authorization: 'Bearer forged' } }))).toEqual([401, 401, 401]);
    expect(statuses(await ask(gateway, 1, await as('bob')))).toEqual([200]);
  });

  it('are counted together by gateways that are given the same memory', async () => {
    const memory = CellTable.allocate();

    @Global()
    @Module({ providers: [{ provide: RATE_LIMIT_MEMORY, useValue: memory }], exports: [RATE_LIMIT_MEMORY] })
    class MemoryModule {}

    const backend = await startBackend();
    const config = {
      upstreams: { app: { backends: [backend.url] } },
      security: { rateLimit: { limit: 5, per: hour } },
    };
    const one = await startInProcess(config, { imports: [MemoryModule] });
    const other = await startInProcess(config, { imports: [MemoryModule] });
    expect(passed([...(await ask(one, 4)), ...(await ask(other, 4))])).toBe(5);
  });

  it('show how many clients were forgotten for want of room', async () => {
    const gateway = await gatewayWith({ limit: 2, per: hour });
    await ask(gateway, 1);
    expect((await request(gateway.adminPort, { path: '/metrics' })).text).toContain(
      'gatehouse_rate_limit_evictions_total 0',
    );
    expect((await request(gateway.adminPort, { path: '/metrics' })).text).not.toContain(
      'gatehouse_rate_limit_store_up',
    );
  });
});
