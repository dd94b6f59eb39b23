import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { answer, refusedPort, startBackend, type BackendHandler, type Echo } from '../support/backend.js';
import { connectRaw, open, request, type RequestOptions, type Response } from '../support/client.js';
import { valueOf, valuesOf } from '../support/header-list.js';
import { startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { startRawBackend } from '../support/raw-backend.js';
import { expectAtRest } from '../support/scene.js';

const seen = (response: Response): string[] => response.json<Echo>().headers;

async function start(service: BackendHandler, forward: object = {}, others: object = {}) {
  const auth = await startBackend(service);
  return { auth, ...(await startBehind(`${auth.url}/verify?tenant=1`, forward, others)) };
}

async function startBehind(url: string, forward: object = {}, others: object = {}) {
  const backend = await startBackend();
  const gateway = await startInProcess({
    upstreams: { app: { backends: [backend.url] } },
    security: { auth: { forward: { url, ...forward } } },
    ...others,
  });
  const ask = (options: RequestOptions = {}): Promise<Response> => request(gateway.port, options);
  return { gateway, backend, ask };
}

function* endless(): Generator<string> {
  for (;;) yield 'x'.repeat(16_384);
}

describe('a route that another service decides on', () => {
  it('is open to a request that the service says yes to, and the backend gets what it says', async () => {
    const { auth, ask } = await start(
      answer(204, '', ['X-User-Id', 'alice', 'X-Role', 'a', 'X-Role', 'b', 'X-Secret', 's']),
      {
        copyHeaders: ['x-user-id', 'x-role', 'x-tenant'],
      },
    );
    const response = await ask({
      method: 'POST',
      path: '/orders?page=2',
      body: 'the body',
      headers: {
        cookie: 'session=1',
        authorization: 'Bearer opaque',
        'x-user-id': 'root',
        X_Role: 'root',
        'X-Tenant': 'root',
        range: 'bytes=0-1',
        'if-none-match': '*',
      },
    });
    expect(response.status).toBe(200);
    const fields = seen(response);
    expect(valuesOf(fields, 'x-user-id')).toEqual(['alice']);
    expect(valuesOf(fields, 'x-role')).toEqual(['a, b']);
    for (const name of ['x-tenant', 'x_role', 'x-secret']) expect(valueOf(fields, name)).toBeUndefined();
    expect(valueOf(fields, 'authorization')).toBe('Bearer opaque');
    expect(response.json<Echo>().bodyLength).toBe(8);

    const asked = auth.last;
    expect([asked.method, asked.url, asked.bodyLength]).toEqual(['GET', '/verify?tenant=1', 0]);
    expect(asked.header('host')).toBe(new URL(auth.url).host);
    expect(asked.header('cookie')).toBe('session=1');
    expect(asked.header('authorization')).toBe('Bearer opaque');
    expect(asked.header('x-forwarded-method')).toBe('POST');
    expect(asked.header('x-forwarded-uri')).toBe('/orders?page=2');
    expect(asked.header('x-forwarded-proto')).toBe('http');
    expect(asked.header('x-forwarded-for')).toBe('127.0.0.1');
    expect(asked.header('x-forwarded-host')).toMatch(/^127\.0\.0\.1:\d+$/);
    for (const name of [
      'content-length',
      'transfer-encoding',
      'x-user-id',
      'x_role',
      'x-tenant',
      'range',
      'if-none-match',
    ]) {
      expect([name, asked.header(name)]).toEqual([name, undefined]);
    }
  });

  it('is decided on in the form in which it is routed and forwarded, for any spelling of the client', async () => {
    const { auth, gateway } = await start(answer(200));
    const client = await connectRaw(gateway.port);
    client.send(
      'GET http://admin.example/public/%2e%2e/admin HTTP/1.1\r\nHost: public.example\r\nX-Forwarded-Uri: /public\r\n' +
        'X-Forwarded-Method: HEAD\r\nX_Forwarded_Host: public.example\r\nX-Original-Url: /public\r\nConnection: close, cookie, x-hop\r\n' +
        'X-Hop: 1\r\nCookie: a=b\r\n\r\n',
    );
    await client.response();
    const { last } = auth;
    expect(valuesOf(last.rawHeaders, 'x-forwarded-host')).toEqual(['admin.example']);
    expect(valuesOf(last.rawHeaders, 'x-forwarded-uri')).toEqual(['/admin']);
    expect(valuesOf(last.rawHeaders, 'x-forwarded-method')).toEqual(['GET']);
    for (const name of ['x_forwarded_host', 'x-original-url', 'x-hop']) expect(last.header(name)).toBeUndefined();
    expect(last.header('cookie')).toBe('a=b');
  });

  it('gives the client any other answer of the service, and nothing else of it', async () => {
    const { ask, backend } = await start((_request, response) =>
      response
        .writeHead(302, [
          'Location',
          'https://login.example/?back=/',
          'Set-Cookie',
          'a=1',
          'Set-Cookie',
          'b=2',
          'Content-Type',
          'text/html',
          'X-Powered-By',
          'secret',
          'Server',
          'secret',
        ])
        .end('<a href="https://login.example/">'),
    );
    const response = await ask();
    expect([response.status, response.header('location'), response.text]).toEqual([
      302,
      'https://login.example/?back=/',
      '<a href="https://login.example/">',
    ]);
    expect(response.headerValues('set-cookie')).toEqual(['a=1', 'b=2']);
    expect(response.header('content-type')).toBe('text/html');
    expect(response.header('cache-control')).toBe('no-store');
    expect(JSON.stringify(response.rawHeaders)).not.toContain('secret');
    expect(response.header('x-gateway-error')).toBeUndefined();
    expect(backend.requests).toHaveLength(0);
  });

  it.each([400, 401, 403, 429, 500, 503])('gives the client a %d of the service', async status => {
    const { ask } = await start(answer(status, 'no', ['WWW-Authenticate', 'Negotiate', 'Retry-After', '9']));
    const response = await ask();
    expect([
      response.status,
      response.text,
      response.header('www-authenticate'),
      response.header('retry-after'),
    ]).toEqual([status, 'no', 'Negotiate', '9']);
    const head = await ask({ method: 'HEAD' });
    expect([head.status, head.header('content-length'), head.text]).toEqual([status, '2', '']);
  });

  it('reads no more of an answer than it may', async () => {
    const { ask, auth, gateway } = await start(answer(403, 'x'.repeat(64 * 1024)));
    expect((await ask()).body.length).toBe(64 * 1024);
    auth.handler = answer(403, 'x'.repeat(64 * 1024 + 1));
    expect((await ask()).status).toBe(503);
    auth.handler = (_request, response) => {
      response.writeHead(200);
      Readable.from(endless()).pipe(response);
    };
    // What the head said is enough: the rest is not read.
    expect((await ask()).status).toBe(200);
    await expectAtRest(gateway);
  });

  it('answers 503 when the service takes too long, and is never open', async () => {
    const { ask, backend, auth, gateway } = await start(() => undefined, { timeout: '150ms' });
    const response = await ask();
    expect([response.status, response.header('retry-after')]).toEqual([503, '1']);
    expect(response.header('x-gateway-error')).toBe('AUTH_UNAVAILABLE');
    expect(response.text).not.toContain(auth.url);
    const line = await gateway.waitForLog(({ requestId }) => requestId === response.header('x-request-id'));
    expect(line['reason']).toBe('the auth service: no answer within 150 ms');
    auth.handler = (_request, half) => void half.writeHead(200).write('and no end');
    expect((await ask()).status).toBe(503);
    auth.handler = (_request, half) => void half.writeHead(403).write('and no end');
    expect((await ask()).status).toBe(503);
    expect(backend.requests).toHaveLength(0);
  });

  it('answers 503 at once when the service is down, and comes back with it', async () => {
    const port = await refusedPort();
    const { ask, backend, gateway } = await startBehind(`http://127.0.0.1:${port}/`);
    const all = await Promise.all(Array.from({ length: 300 }, () => ask()));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([503]));
    expect(backend.requests).toHaveLength(0);
    await gateway.waitForLog(
      ({ reason }) => reason === 'the auth service: it could not be reached several times in a row',
    );
    await startBackend(answer(200), { port });
    await eventually(async () => (await ask()).status === 200, { what: 'a yes', deadline: 5000 });
    expect((await Promise.all(Array.from({ length: 20 }, () => ask()))).map(({ status }) => status)).toEqual(
      Array(20).fill(200),
    );
    await expectAtRest(gateway);
  });

  it.each<[string, string]>([
    ['nonsense', 'nonsense\r\n\r\n'],
    ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
    ['a body that breaks off', 'HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nhalf'],
    ['a body that breaks off after a yes', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
    ['a status that is none', 'HTTP/1.1 000 Odd\r\nContent-Length: 0\r\n\r\n'],
    ['a status below all', 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n'],
    ['a status above all', 'HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n'],
    ['a head without an end', `HTTP/1.1 200 OK\r\n${'X-Long: '.padEnd(40_000, 'x')}\r\n`],
  ])('answers 503 when the service answers with %s', async (_, bytes) => {
    const service = await startRawBackend(connection => {
      connection.socket.end(bytes, 'latin1');
    });
    const { ask, backend } = await startBehind(service.url, { timeout: '1s' });
    expect((await ask()).status).toBe(503);
    expect(backend.requests).toHaveLength(0);
  });

  it('stays open to others when a client makes the service fail for its own requests', async () => {
    const { ask } = await start((request, response) =>
      request.headers['x-evil'] === undefined ? response.writeHead(200).end() : response.socket?.destroy(),
    );
    for (let i = 0; i < 20; i++) expect((await ask({ headers: { 'x-evil': '1' } })).status).toBe(503);
    expect((await ask()).status).toBe(200);
  });

  it('asks again when the service closes a connection that it has kept, just as it is used', async () => {
    const yes = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    let questions = 0;
    const service = await startRawBackend(({ socket, number }) => {
      let first = true;
      socket.on('data', () => {
        questions++;
        // The first one's second question meets a connection that is being closed.
        if (first || number > 1) socket.write(yes);
        else socket.destroy();
        first = false;
      });
    });
    const { ask } = await startBehind(service.url);
    for (let i = 0; i < 3; i++) expect((await ask()).status).toBe(200);
    expect(questions).toBe(4);
  });

  it('uses its connections again', async () => {
    const { auth, ask } = await start(answer(200, 'yes'));
    for (let i = 0; i < 10; i++) expect((await ask()).status).toBe(200);
    expect(auth.connections).toBeLessThanOrEqual(2);
  });

  it('does not forward a request whose client has gone meanwhile', async () => {
    const held = Promise.withResolvers<void>();
    const { auth, gateway, backend } = await start(async (_request, response) => {
      await held.promise;
      response.writeHead(200).end();
    });
    const leaving = new AbortController();
    const sent = open(gateway.port, { signal: leaving.signal });
    await auth.received(1);
    leaving.abort();
    await expect(sent).rejects.toThrow();
    await gateway.waitForLog(({ status }) => status === 499);
    held.resolve();
    await expectAtRest(gateway);
    expect(backend.requests).toHaveLength(0);
  });

  it('is asked only about what the other methods do not accept', async () => {
    const sha256 = '2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683';
    const { auth, ask } = await start(answer(401, 'no', ['WWW-Authenticate', 'Negotiate']), {}, {});
    expect((await ask()).status).toBe(401);
    const both = await startInProcess({
      upstreams: { app: { backends: [(await startBackend()).url] } },
      security: { auth: { forward: { url: auth.url }, apiKey: { keys: [{ id: 'p', sha256 }] } } },
    });
    expect((await request(both.port, { headers: { 'x-api-key': 'key' } })).status).toBe(200);
    expect(auth.requests).toHaveLength(1);
    const refused = await request(both.port, { headers: { 'x-api-key': 'wrong' } });
    expect([refused.status, refused.header('www-authenticate')]).toEqual([401, 'Negotiate']);
  });

  it('gets a field of the service that takes the place of the credentials', async () => {
    const { auth, ask } = await start(answer(200, '', ['Authorization', 'Bearer internal']), {
      copyHeaders: ['authorization'],
    });
    expect(valuesOf(seen(await ask({ headers: { authorization: 'Basic x' } })), 'authorization')).toEqual([
      'Bearer internal',
    ]);
    expect(auth.last.header('authorization')).toBe('Basic x');
    auth.handler = answer(200);
    expect(valuesOf(seen(await ask({ headers: { authorization: 'Basic x' } })), 'authorization')).toEqual([]);
  });
});
