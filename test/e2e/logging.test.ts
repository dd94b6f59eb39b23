import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildUntyped } from '../../src/config/loading/load-config.js';
import { createGateway } from '../../src/standalone.js';
import { type TestBackend, refusedPort, startBackend } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { BrokenResponse, connectRaw, keepAliveAgent, open, rawRequest, request } from '../support/client.js';
import { eventually } from '../support/poll.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import type { LogLine } from '../support/program.js';
import { tempFolder } from '../support/temp.js';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('the access line', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;

  const lineOf = (path: string): Promise<LogLine> => gateway.waitForLog(line => line['path'] === path);

  beforeAll(async () => {
    backend = await startBackend(async (incoming, response) => {
      const path = incoming.url?.split('?')[0];
      if (path === '/app/broken') {
        response.writeHead(200, { 'content-length': 100 }).write('half');
        // The head and the half must be on their way before the break.
        setImmediate(() => response.destroy());
      } else if (path === '/app/silent') return;
      else if (path === '/app/endless') response.write('on and on');
      else incoming.resume().on('end', () => response.writeHead(path === '/app/500' ? 500 : 201).end('hello'));
    });
    gateway = await startInProcess({
      trustedProxies: ['127.0.0.2'],
      upstreams: {
        app: { backends: [{ url: backend.url, id: 'app-1' }] },
        down: { backends: [{ url: `http://127.0.0.1:${await refusedPort()}`, id: 'down-1' }] },
      },
      routes: [
        { name: 'app', match: { path: '/app/*' }, upstream: 'app' },
        { name: 'down', match: { path: '/down' }, upstream: 'down' },
        { name: 'old', match: { path: '/old' }, redirect: { to: '/new', status: 308 } },
        { name: 'ping', match: { path: '/ping' }, respond: { status: 200, body: 'pong' } },
        { name: 'get', match: { path: '/get' }, upstream: 'app', security: { validation: { methods: ['GET'] } } },
        { name: 'small', match: { path: '/small' }, upstream: 'app', security: { validation: { maxBody: '4b' } } },
      ],
    });
  });

  it('tells all of a request that went well', async () => {
    const before = Date.now();
    const headers = { host: 'Shop.Example:80', cookie: 'secret=1', authorization: 'Basic c2VjcmV0' };
    await request(gateway.port, { method: 'POST', path: '/app/x?token=secret', headers, body: 'four' });
    const line = await lineOf('/app/x');
    expect(line).toEqual({
      level: 30,
      time: expect.any(Number),
      requestId: expect.stringMatching(uuid),
      client: '127.0.0.1',
      method: 'POST',
      host: 'shop.example',
      path: '/app/x',
      protocol: 'http',
      httpVersion: '1.1',
      listener: 'web',
      status: 201,
      route: 'app',
      upstream: 'app',
      backend: 'app-1',
      attempts: 1,
      bytesIn: 4,
      bytesOut: 5,
      ms: {
        route: expect.any(Number),
        connect: expect.any(Number),
        backend: expect.any(Number),
        total: expect.any(Number),
      },
      msg: 'exchange',
    });
    expect(line['requestId']).toBe(backend.last.header('x-request-id'));
    expect(line['time']).toBeGreaterThanOrEqual(before);
    const ms = line['ms'] as Record<string, number>;
    expect((ms['route'] ?? 0) + (ms['connect'] ?? 0) + (ms['backend'] ?? 0)).toBeLessThanOrEqual(
      (ms['total'] ?? 0) + 0.01,
    );
    expect(gateway.logText).not.toContain('secret');
  });

  it.each([
    ['no route matches', '/nowhere', {}, { status: 404, error: 'NO_ROUTE', attempts: 0 }],
    ['the request is denied', '/get', { method: 'POST' }, { status: 405, error: 'DENIED', route: 'get', attempts: 0 }],
    ['the body is too large', '/small', { method: 'POST', body: 'large' }, { status: 413, error: 'BODY_TOO_LARGE' }],
    ['it is a redirect', '/old', {}, { status: 308, route: 'old', attempts: 0 }],
    ['it is a fixed response', '/ping', {}, { status: 200, route: 'ping', bytesOut: 4, attempts: 0 }],
    ['the backend is down', '/down', {}, { status: 502, error: 'CONNECT_FAILED', backend: 'down-1', attempts: 3 }],
    ['the backend answers 500', '/app/500', {}, { status: 500, backend: 'app-1', bytesOut: 5 }],
  ])('is written when %s', async (_what, path, options, expected) => {
    const { status } = await request(gateway.port, { path, ...options });
    expect(status).toBe(expected.status);
    const line = await lineOf(path);
    expect(line).toMatchObject({ msg: 'exchange', listener: 'web', client: '127.0.0.1', ...expected });
    if (!('error' in expected)) expect(line).not.toHaveProperty('error');
    if ('attempts' in expected && expected.attempts === 0) expect(line).not.toHaveProperty('backend');
  });

  it('says why a backend could not be reached, and the client is not told', async () => {
    const response = await request(gateway.port, { path: '/down?why' });
    expect(response.text).not.toMatch(/ECONNREFUSED|127\.0\.0\.1/);
    const id = response.header('x-request-id');
    const line = await gateway.waitForLog(({ requestId }) => requestId === id);
    expect(line['reason']).toMatch(/ECONNREFUSED/);
  });

  it('says 499 when the client goes away, before or during the response', async () => {
    const silent = await connectRaw(gateway.port);
    silent.send('GET /app/silent HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => backend.requests.some(({ url }) => url === '/app/silent'));
    silent.reset();
    expect(await lineOf('/app/silent')).toMatchObject({
      status: 499,
      error: 'CLIENT_ABORTED',
      backend: 'app-1',
      bytesOut: 0,
    });
    const { response } = await open(gateway.port, { path: '/app/endless' });
    await response.take(1).toArray();
    response.destroy();
    expect(await lineOf('/app/endless')).toMatchObject({ status: 499, error: 'CLIENT_ABORTED', bytesOut: 9 });
  });

  it('says that a response broke', async () => {
    await expect(request(gateway.port, { path: '/app/broken' })).rejects.toBeInstanceOf(BrokenResponse);
    expect(await lineOf('/app/broken')).toMatchObject({
      status: 200,
      error: 'BODY_BROKEN',
      bytesOut: 4,
      backend: 'app-1',
    });
  });

  it('has the request id and the client that a trusted proxy names, and not those of others', async () => {
    const headers = { 'x-request-id': 'from-the-proxy', 'x-forwarded-for': '203.0.113.7' };
    await request(gateway.port, { path: '/app/trusted', headers, localAddress: '127.0.0.2' });
    expect(await lineOf('/app/trusted')).toMatchObject({ requestId: 'from-the-proxy', client: '203.0.113.7' });
    await request(gateway.port, { path: '/app/forged', headers });
    expect(await lineOf('/app/forged')).toMatchObject({ requestId: expect.stringMatching(uuid), client: '127.0.0.1' });
  });

  it.each([
    ['quotes and backslashes', '/app/"a"\\b'],
    ['what looks like the end of the line', '/app/x","status":200,"path":"/y'],
    ['escaped control characters', '/app/%0a%0d%1b%00'],
  ])('stays one line of JSON with %s in the path', async (_what, path) => {
    await rawRequest(gateway.port, `GET ${path} HTTP/1.1\r\nHost: shop.example\r\n\r\n`);
    await lineOf(path);
  });

  it('stays one line of JSON with a hostile Host or method', async () => {
    for (const bytes of [
      'GET /h1 HTTP/1.1\r\nHost: "evil\\"\r\n\r\n',
      'GET /h2 HTTP/1.1\r\nHost: a\x9bb\r\n\r\n',
      'G"T /h3 HTTP/1.1\r\nHost: x\r\n\r\n',
    ]) {
      const id = (await rawRequest(gateway.port, bytes)).header('x-request-id');
      expect(await gateway.waitForLog(({ requestId }) => requestId === id)).toMatchObject({ status: 400 });
    }
  });

  it('is always JSON, printable, one object on a line', () => {
    for (const line of gateway.logText.split('\n').slice(0, -1)) {
      expect(() => JSON.parse(line) as unknown).not.toThrow();
      expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/);
    }
  });
});

describe('the access log', () => {
  it('leaves excluded paths out, samples, and yet tells every failure of a backend', async () => {
    const backend = await startBackend((incoming, response) => {
      response.writeHead(incoming.url === '/fails' ? 503 : 200).end();
    });
    const gateway = await startInProcess({
      logging: { access: { sample: '0%', exclude: ['/ping', '/internal/*'] } },
      upstreams: { app: { backends: [backend.url] } },
    });
    for (const path of ['/ping', '/internal', '/internal/x', '/sampled-away', '/fails']) {
      await request(gateway.port, { path });
    }
    await gateway.stop();
    expect(gateway.logs.filter(({ msg }) => msg === 'exchange').map(({ path }) => path)).toEqual(['/fails']);
  });

  it('writes about the share that is asked for', async () => {
    const gateway = await startInProcess({
      logging: { access: { sample: '30%' } },
      upstreams: { app: { backends: ['http://127.0.0.1:9'] } },
      routes: [{ name: 'ping', respond: { status: 200, body: 'pong' } }],
    });
    const agent = keepAliveAgent();
    for (let i = 0; i < 200; i++) await request(gateway.port, { agent });
    await gateway.stop();
    const written = gateway.logs.filter(({ msg }) => msg === 'exchange').length;
    // 200 × 30 % = 60, with a standard deviation of 6.5; five of those.
    expect(Math.abs(written - 60)).toBeLessThan(33);
  });

  it('shows headers from level debug on, without secrets', async () => {
    const backend = await startBackend();
    const gateway = await startInProcess({
      logging: { level: 'debug', access: { redact: ['x-api-key'] } },
      upstreams: { app: { backends: [backend.url] } },
    });
    const headers = { 'x-api-key': 'hunter2', 'proxy-authorization': 'Basic hunter2', 'x-plain': 'shown' };
    await request(gateway.port, { path: '/debug', headers });
    const line = await gateway.waitForLog(({ path }) => path === '/debug');
    expect(line['headers']).toMatchObject({ 'x-api-key': '[redacted]', 'x-plain': 'shown' });
    expect(gateway.logText).not.toContain('hunter2');
  });

  it('is for people with format: pretty, and no client can steer their terminal', async () => {
    const unix = join(await tempFolder(), 'gateway.sock');
    const config = {
      logging: { format: 'pretty', level: 'debug' },
      listeners: [{ name: 'local', unix }],
      upstreams: { app: { backends: ['http://127.0.0.1:9'] } },
      routes: [{ name: 'ping', respond: { status: 200, body: 'pong' } }],
    };
    let text = '';
    const write = (chunk: Buffer): void => void (text += chunk.toString());
    const logSink = { write: (chunk: Buffer, done: () => void) => (write(chunk), done()), writeNow: write };
    const gateway = await createGateway(buildUntyped({ admin: { port: 0 }, ...config }), { logSink });
    closeLater(() => gateway.stop(0));
    await gateway.start();
    await rawRequest(0, 'GET / HTTP/1.1\r\nHost: x\r\nX-A: \x9b31mred\r\n\r\n', { socketPath: unix });
    await gateway.stop();
    expect(text).toContain(`unix:${unix}`);
    const line = text.split('\n').find(text => text.includes('31mred')) ?? '';
    expect(line).toMatch(/^\d\d:\d\d:\d\d GET 200 \/ [\d.]+ms "headers":\{.*\}$/);
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  });
});
