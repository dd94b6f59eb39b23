import { beforeAll, describe, expect, it } from 'vitest';
import { answer, startBackend, type TestBackend } from '../support/backend.js';
import { makeCertificate } from '../support/certificate.js';
import { connectRaw, rawRequest, request } from '../support/client.js';
import { connectHttp2 } from '../support/http2-client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { handshake, startUpgradeBackend } from '../support/upgrade-scene.js';

const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const host = 'Host: shop.example\r\n';

describe('X-Request-Id', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;
  let redirecting: number;
  let secure: number;
  let hasty: number;

  beforeAll(async () => {
    backend = await startBackend(answer(200, 'ok', ['X-Request-Id', 'of-the-backend', 'X-Request-Id', 'twice']));
    const tunnels = await startUpgradeBackend();
    const events = await startBackend(
      answer(200, 'data: 1\n\n', ['Content-Type', 'text/event-stream', 'X-Request-Id', 'of-the-backend']),
    );
    const { certFile, keyFile } = await makeCertificate();
    gateway = await startInProcess({
      listeners: [
        { name: 'web', host: '127.0.0.1', port: 0 },
        { name: 'plain', host: '127.0.0.1', port: 0, redirectToHttps: 443 },
        { name: 'hasty', host: '127.0.0.1', port: 0, limits: { headerTimeout: '100ms' } },
        { name: 'secure', host: '127.0.0.1', port: 0, tls: { certificates: [{ cert: certFile, key: keyFile }] } },
      ],
      upstreams: {
        app: { backends: [backend.url] },
        tunnels: { backends: [tunnels.url] },
        events: { backends: [events.url] },
        hpm: { backends: [backend.url], forwarder: 'http-proxy-middleware' },
        none: { backends: ['http://127.0.0.1:9'], retries: { attempts: 0 } },
        fallen: {
          backends: ['http://127.0.0.1:9'],
          circuitBreaker: { volumeThreshold: 1 },
          retries: { attempts: 0 },
          fallback: { status: 200, body: 'later' },
        },
      },
      security: { cors: { origins: ['https://app.example'] } },
      routes: [
        { match: { path: '/tunnel' }, upstream: 'tunnels' },
        { match: { path: '/hpm' }, upstream: 'hpm' },
        { match: { path: '/events' }, upstream: 'events' },
        { match: { path: '/none' }, upstream: 'none' },
        { match: { path: '/fallen' }, upstream: 'fallen' },
        { match: { path: '/pong' }, respond: { status: 200, body: 'pong' } },
        { match: { path: '/old' }, redirect: { to: '/new' } },
        { match: { path: '/denied' }, upstream: 'app', security: { ipFilter: { deny: ['127.0.0.0/8'] } } },
        {
          match: { path: '/silent' },
          upstream: 'app',
          headers: { response: { remove: ['x-request-id'] } },
        },
        { match: { path: '/' }, upstream: 'app' },
      ],
    });
    ({ plain: redirecting, hasty, secure } = gateway.ports as Record<'plain' | 'hasty' | 'secure', number>);
  });

  it.each([
    ['of a backend', `GET / HTTP/1.1\r\n${host}\r\n`, 200],
    ['of a backend to HEAD', `HEAD / HTTP/1.1\r\n${host}\r\n`, 200],
    ['of a backend to HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 200],
    ['of a backend by way of http-proxy-middleware', `GET /hpm HTTP/1.1\r\n${host}\r\n`, 200],
    ['of the route itself', `GET /pong HTTP/1.1\r\n${host}\r\n`, 200],
    ['that is a redirect', `GET /old HTTP/1.1\r\n${host}\r\n`, 308],
    ['of a policy', `GET /denied HTTP/1.1\r\n${host}\r\n`, 403],
    [
      'to a preflight',
      `OPTIONS / HTTP/1.1\r\n${host}Origin: https://app.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n`,
      204,
    ],
    ['where no backend can be reached', `GET /none HTTP/1.1\r\n${host}\r\n`, 502],
    ['where there is no route', `GET /nowhere HTTP/1.1\r\n${host}\r\n`, 404],
    ['to a message that cannot be read', 'NONSENSE\r\n\r\n', 400],
    ['to a message without a Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['to a target that is too long', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`, 414],
    ['to too many fields', `GET / HTTP/1.1\r\n${host}${'X: 1\r\n'.repeat(101)}\r\n`, 431],
    ['to too large fields', `GET / HTTP/1.1\r\n${host}X: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
    ['to an expectation that it does not meet', `GET / HTTP/1.1\r\n${host}Expect: wonders\r\n\r\n`, 417],
    ['to a coding that it does not know', `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip\r\n\r\n`, 501],
    ['to a body that breaks off', `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
    ['to a tunnel', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 405],
    ['that is an event stream', `GET /events HTTP/1.1\r\n${host}\r\n`, 200],
    ['that switches protocols', handshake({}, '/tunnel'), 101],
  ])('stands once in every answer, as in the log: %s', async (_, bytes, status) => {
    const response = await rawRequest(gateway.port, bytes);
    expect(response.status).toBe(status);
    const ids = response.headerValues('x-request-id');
    expect(ids).toEqual([expect.stringMatching(uuid)]);
    if (status !== 101)
      expect(await gateway.waitForLog(({ requestId }) => requestId === ids[0])).toMatchObject({ status });
  });

  it('stands in the answer to a head that comes too late', async () => {
    const client = await connectRaw(hasty);
    client.send('GET / HTTP/1.1\r\n');
    const response = await client.response();
    expect(response.status).toBe(408);
    expect(response.headerValues('x-request-id')).toEqual([expect.stringMatching(uuid)]);
  });

  it('stands in the answers of a fallback, and of a listener that only leads to https', async () => {
    const answers = [];
    for (let count = 0; count < 3; count++) answers.push(await request(gateway.port, { path: '/fallen' }));
    answers.push(await request(redirecting, { path: '/' }));
    expect(answers.map(({ status }) => status).slice(-2)).toEqual([200, 308]);
    for (const each of answers) expect(each.headerValues('x-request-id')).toEqual([expect.stringMatching(uuid)]);
  });

  it('stands in answers over HTTP/2', async () => {
    const client = await connectHttp2(secure);
    for (const path of ['/', '/pong', '/nowhere', '/events', '/%zz', '/denied']) {
      const { headers } = await client.request({ headers: { ':path': path } });
      expect(headers['x-request-id']).toMatch(uuid);
    }
  });

  it('can be taken out of the answers of a route', async () => {
    expect((await request(gateway.port, { path: '/silent' })).headerValues('x-request-id')).toEqual([]);
  });
});

describe('requestId', () => {
  it('gives the id another name, by which a trusted proxy sends it and everybody gets it', async () => {
    const backend = await startBackend();
    const upstreams = { app: { backends: [backend.url] } };
    const requestId = { header: 'X-Correlation-ID' };
    const gateway = await startInProcess({ upstreams, requestId, trustedProxies: ['127.0.0.1'] });
    const headers = { 'x-correlation-id': 'theirs', 'x-request-id': 'a field like any other' };
    const response = await request(gateway.port, { headers });
    expect(response.headerValues('x-correlation-id')).toEqual(['theirs']);
    expect(backend.last.header('x-correlation-id')).toBe('theirs');
    expect(backend.last.header('x-request-id')).toBe('a field like any other');
  });

  it('can be kept from clients: what backends say passes, and the gateway says nothing', async () => {
    const backend = await startBackend(answer(200, 'ok', ['X-Request-Id', 'of-the-backend']));
    const gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] } },
      requestId: { echo: false },
      routes: [{ match: { path: '/' }, upstream: 'app' }],
    });
    expect((await request(gateway.port)).headerValues('x-request-id')).toEqual(['of-the-backend']);
    expect(backend.last.header('x-request-id')).toMatch(uuid);
    expect((await request(gateway.port, { path: '/nowhere' })).headerValues('x-request-id')).toEqual([]);
    expect((await rawRequest(gateway.port, 'NONSENSE\r\n\r\n')).headerValues('x-request-id')).toEqual([]);
  });
});
