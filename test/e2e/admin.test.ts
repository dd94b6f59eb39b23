import { Test } from '@nestjs/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { Counter, Registry } from 'prom-client';
import { AdminModule } from '../../src/admin/admin.module.js';
import { AdminServer } from '../../src/admin/admin-server.js';
import type { AdminSources, AdminUpstream } from '../../src/admin/admin-sources.js';
import { buildConfig } from '../../src/config/loading/load-config.js';
import { Tail } from '../../src/logging/tail/tail.js';
import { MergedMetrics } from '../../src/metrics/merged-metrics.js';
import { Readiness } from '../../src/health/readiness.js';
import type { Backend, Veto } from '../../src/upstream/backend.js';
import { BackendControl } from '../../src/upstream/control/backend-control.js';
import { ControlLog } from '../../src/upstream/control/control-log.js';
import { Upstreams } from '../../src/upstream/upstreams.js';
import { closeLater } from '../support/cleanup.js';
import { connectRaw, rawRequest, request, type RequestOptions } from '../support/client.js';

function backend(id: string, url: string, changes: Partial<Backend> = {}): Backend {
  const vetoes: ReadonlySet<Veto> = new Set();
  return { id, url: new URL(url), socketPath: undefined, weight: 1, backup: false, inFlight: 0, vetoes, ...changes };
}

const fine = backend('a', 'http://user:hunter2@10.0.0.1:3000', { weight: 3, inFlight: 5 });
const out = backend('b', 'http://localhost', {
  socketPath: '/run/b.sock',
  backup: true,
  vetoes: new Set<Veto>(['unhealthy']),
});
const orders: AdminUpstream = { name: 'orders', strategy: 'round-robin', backends: [fine, out], available: [fine] };

const matched = { order: 1, hosts: ['*'], methods: [], conditions: [], target: 'upstream orders' };
const route = { name: 'orders', path: '/orders/*', ...matched };

function sources(changes: Partial<AdminSources> = {}): AdminSources {
  const registry = new Registry();
  new Counter({ name: 'gatehouse_test_total', help: 'A test.', registers: [registry] }).inc(3);
  const readiness = new Readiness();
  readiness.ready();
  const config = buildConfig({ upstreams: {}, routes: [] });
  return {
    readiness,
    version: '1.2.3',
    dashboard: '/nowhere',
    log: pino({ enabled: false }),
    upstreams: () => [orders],
    lastProbe: () => undefined,
    config: () => config,
    configVersion: () => ({ hash: 1, since: 0, pending: [], lastReload: undefined }),
    listeners: () => [],
    workers: () => [],
    tails: new Tail(),
    reports: async () => ({ reports: [], missing: [] }),
    control: new BackendControl(new Upstreams([]), new ControlLog(pino({ enabled: false }))),
    routes: () => [route],
    metrics: new MergedMetrics(registry, () => []),
    explain: {
      explain: async question => ({ explanation: { question: question as object } }),
      find: id => (id === 'r1' ? { id } : undefined),
      ids: () => ['r1'],
    },
    configRefusal: () => undefined,
    handOver: () => false,
    reload: async () => undefined,
    ...changes,
  };
}

interface Options {
  readonly sources?: AdminSources;
  readonly token?: string;
}

async function create({ sources: given = sources(), token }: Options = {}): Promise<AdminServer> {
  const admin = AdminModule.forRoot({ inject: [], useFactory: () => ({ ...given, token }) });
  const module = await Test.createTestingModule({ imports: [admin] }).compile();
  const server = module.get(AdminServer, { strict: false });
  closeLater(() => server.close());
  return server;
}

async function start(options: Options = {}, host = '127.0.0.1') {
  const server = await create(options);
  const { port } = await server.listen(0, host);
  return { server, port, get: (path: string, more: RequestOptions = {}) => request(port, { path, ...more }) };
}

describe('the admin listener', () => {
  let get: Awaited<ReturnType<typeof start>>['get'];
  let port: number;

  beforeAll(async () => {
    ({ get, port } = await start());
  });

  it('serves health in the form of Terminus', async () => {
    const response = await get('/health');
    expect(response.status).toBe(200);
    expect(response.json()).toMatchObject({
      status: 'degraded',
      details: { 'upstream:orders': { out: { b: ['unhealthy'] } } },
    });
    expect((await get('/health/live')).json()).toMatchObject({ status: 'ok' });
    expect((await get('/health/ready')).status).toBe(200);
    expect((await get('/health/startup')).json()).toMatchObject({ status: 'ok' });
  });

  it("serves the gateway's own metrics for Prometheus", async () => {
    const response = await get('/metrics');
    expect(response.header('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response.text).toContain('\ngatehouse_test_total 3\n');
    expect(response.header('vary')).toBe('Accept');
  });

  it('serves the route table', async () => {
    const response = await get('/routes');
    expect(response.header('content-type')).toMatch(/^application\/json/);
    expect(response.json()).toEqual([route]);
  });

  it('serves the upstreams without the secrets in their URLs', async () => {
    const response = await get('/upstreams');
    const [a, b] = [
      { id: 'a', weight: 3, backup: false, inFlight: 5 },
      { id: 'b', weight: 1, backup: true, inFlight: 0 },
    ];
    const backends = [
      { ...a, url: 'http://10.0.0.1:3000', available: true, vetoes: [] },
      { ...b, url: 'unix:/run/b.sock', available: false, vetoes: ['unhealthy'] },
    ];
    expect(response.json()).toEqual([{ name: 'orders', strategy: 'round-robin', backends }]);
    expect(response.text).not.toContain('hunter2');
  });

  it('answers HEAD without a body', async () => {
    const response = await get('/metrics', { method: 'HEAD' });
    expect([response.status, response.body.length]).toEqual([200, 0]);
  });

  it.each(['/nothing', '/health/nothing', '/metrics/', '//metrics', '/health/../metrics'])(
    'answers 404 with a problem document at %s',
    async path => {
      const response = await get(path);
      expect(response.status).toBe(404);
      expect(response.header('content-type')).toMatch(/^application\/problem\+json/);
      expect(response.json()).toEqual({
        type: 'about:blank',
        title: 'Not Found',
        status: 404,
        detail: 'There is nothing under this path.',
      });
    },
  );

  it('answers a malformed path with a problem document', async () => {
    const response = await get('/%zz');
    expect(response.status).toBe(400);
    expect(response.header('content-type')).toMatch(/^application\/problem\+json/);
  });

  it.each(['POST', 'DELETE', 'OPTIONS', 'PROPFIND'])('refuses %s', async method => {
    const response = await get('/metrics', { method });
    expect(response.status).toBe(405);
    expect(response.header('allow')).toBe('GET, HEAD');
    expect(response.json()).toMatchObject({ title: 'Method Not Allowed', status: 405 });
  });

  it('refuses a body, declared or chunked, without reading it', async () => {
    const declared = await rawRequest(
      port,
      'GET /routes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n',
    );
    expect(declared.status).toBe(413);
    expect(declared.header('connection')).toBe('close');
    const chunked = await rawRequest(
      port,
      'GET /routes HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    expect(chunked.status).toBe(413);
  });

  it.each(['/health', '/metrics', '/nothing', '/%zz'])('sends its security headers with %s', async path => {
    const response = await get(path);
    expect(response.header('x-content-type-options')).toBe('nosniff');
    expect(response.header('cache-control')).toContain('no-store');
    expect(response.header('x-powered-by')).toBeUndefined();
  });

  it.each(['evil.example', 'localhost.evil.example:9901', ''])(
    'refuses the Host "%s", which a rebound name would send',
    async host => {
      const response = await rawRequest(port, `GET /health HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect(response.status).toBe(403);
      expect(response.header('content-type')).toMatch(/^application\/problem\+json/);
    },
  );

  it.each(['localhost', 'localhost:9901', '127.0.0.1', '[::1]:9901'])('takes the Host "%s"', async host => {
    expect((await rawRequest(port, `GET /health HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).status).toBe(200);
  });

  it('answers what is not HTTP with 400, and a head that is too large with 431', async () => {
    expect((await rawRequest(port, 'nonsense\r\n\r\n')).status).toBe(400);
    const large = await rawRequest(port, `GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'a'.repeat(17_000)}\r\n\r\n`);
    expect(large.status).toBe(431);
    expect(large.header('content-type')).toBe('application/problem+json');
  });

  it.each([
    ['GET', ''],
    ['GET', 'Connection: keep-alive\r\n'],
    ['HEAD', ''],
  ])('answers two Host fields with 400: which of them is meant cannot be known (%s %j)', async (method, more) => {
    const head = `${method} /routes HTTP/1.1\r\nHost: localhost\r\n${more}hOST: evil.example\r\n\r\n`;
    expect((await rawRequest(port, head)).status).toBe(400);
  });

  it('never echoes what a TRACE carries', async () => {
    const head = 'TRACE /health HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer abc\r\n';
    for (const more of ['', 'Max-Forwards: 0\r\n']) {
      const response = await rawRequest(port, `${head}${more}\r\n`);
      expect(response.status).toBe(405);
      expect(response.text).not.toContain('abc');
    }
  });

  it('cuts a client that does not finish its head', async () => {
    const client = await connectRaw(port);
    client.send('GET /health HTTP/1.1\r\nHost: local');
    expect((await client.response({ timeout: 9000 })).status).toBe(408);
    await client.closed();
  });

  it('shows the present state at each request', async () => {
    const changing = sources();
    const { get } = await start({ sources: changing });
    changing.readiness.drain();
    const response = await get('/health/ready');
    expect(response.status).toBe(503);
    expect(response.json()).toMatchObject({ status: 'error', error: { gateway: { state: 'draining' } } });
  });

  it('answers 500 without details when a source fails', async () => {
    const failing = (): never => {
      throw new Error('secret internals');
    };
    const { get } = await start({ sources: sources({ routes: failing }) });
    const response = await get('/routes');
    expect(response.status).toBe(500);
    expect(response.header('content-type')).toMatch(/^application\/problem\+json/);
    expect(response.text).not.toContain('secret');
  });
});

describe('the admin token', () => {
  let get: Awaited<ReturnType<typeof start>>['get'];
  let port: number;

  beforeAll(async () => {
    ({ get, port } = await start({ token: 's3cret' }));
  });

  it.each(['/metrics', '/routes', '/upstreams', '/nothing', '/healthz'])('is asked for at %s', async path => {
    const response = await get(path);
    expect(response.status).toBe(401);
    expect(response.header('www-authenticate')).toBe('Bearer realm="gatehouse admin"');
    expect(response.header('content-type')).toMatch(/^application\/problem\+json/);
    expect((await get(path, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
  });

  it('opens them', async () => {
    const headers = { authorization: 'Bearer s3cret' };
    expect((await get('/metrics', { headers })).status).toBe(200);
    expect((await get('/nothing', { headers })).status).toBe(404);
  });

  it.each(['/health', '/health/live', '/health/ready', '/health/startup'])(
    'is not asked for at %s, where probes come without one and learn no more than the status',
    async path => {
      const status = path === '/health/live' || path === '/health/startup' ? 'ok' : 'degraded';
      for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
        const response = await get(path, { headers });
        expect(response.status).toBe(200);
        expect(response.json()).toEqual({ status });
        const head = await get(path, { method: 'HEAD', headers });
        expect([head.status, head.body.length]).toEqual([200, 0]);
      }
      const told = (await get(path, { headers: { authorization: 'Bearer s3cret' } })).json();
      expect(told).toHaveProperty('details');
    },
  );

  it('is needed to learn why a gateway is not ready, but not that it is not', async () => {
    const drained = sources();
    drained.readiness.drain();
    const { get: ask } = await start({ token: 's3cret', sources: drained });
    const response = await ask('/health/ready');
    expect([response.status, response.json()]).toEqual([503, { status: 'error' }]);
  });

  it.each([
    '/health/../metrics',
    '/health/%2e%2e/metrics',
    '/health%2f..%2fmetrics',
    '/metrics?/health',
    'http://x/health/../metrics',
  ])('cannot be evaded as %s', async target => {
    const response = await rawRequest(port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect(response.status).toBe(401);
    expect(response.text).not.toContain('gatehouse_test_total');
  });

  it('is off when it is empty, as from an unset variable', async () => {
    const { get } = await start({ token: '' });
    expect((await get('/routes')).status).toBe(200);
  });
});

describe('the life of the admin listener', () => {
  it('takes any Host where it is not on a loopback address', async () => {
    const { port } = await start({}, '0.0.0.0');
    expect((await rawRequest(port, 'GET /health HTTP/1.1\r\nHost: gatehouse.internal\r\n\r\n')).status).toBe(200);
  });

  it('rejects with the system error when the port is taken', async () => {
    const { port } = await start();
    const second = await create();
    await expect(second.listen(port, '127.0.0.1')).rejects.toMatchObject({ code: 'EADDRINUSE', port });
  });

  it('closes while connections are kept alive, and its port is free again', async () => {
    const { server, port } = await start();
    const client = await connectRaw(port);
    client.send('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect((await client.response()).status).toBe(200);
    await server.close();
    await client.closed();
    await expect(request(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('keeps connections to 256', async () => {
    const { port } = await start();
    const clients = await Promise.all(Array.from({ length: 256 }, () => connectRaw(port)));
    const refused = await connectRaw(port);
    await refused.closed();
    clients[0]?.send('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect((await clients[0]?.response())?.status).toBe(200);
  });
});
