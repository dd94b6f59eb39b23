import { beforeAll, describe, expect, it } from 'vitest';
import { connectRaw, rawRequest } from '../support/client.js';
import { valuesOf } from '../support/header-list.js';
import type { InProcessGateway } from '../support/in-process.js';
import { gatewayTo } from '../support/scene.js';
import { startStrictBackend, type StrictBackend } from '../support/strict-backend.js';

const injected = 'Set-Cookie:%20evil=1';
const payloads = [
  `%0d%0a${injected}`,
  `%0D%0A${injected}%0D%0A%0D%0Ahtml`,
  `%0a${injected}`,
  `%0d${injected}`,
  `%250d%250a${injected}`,
  `%e5%98%8d%e5%98%8a${injected}`,
  `%c4%8d%c4%8a${injected}`,
  `%c0%8d%c0%8a${injected}`,
  `%00${injected}`,
  `%20HTTP/1.1%0d%0aX:%20y`,
  `%u000d%u000a${injected}`,
  `%0`,
  `%`,
];

describe('text that a client writes into its path or query', () => {
  let backend: StrictBackend;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    backend = await startStrictBackend();
    gateway = await gatewayTo(
      [backend],
      {},
      {
        routes: [
          { match: { path: '/old/*' }, redirect: { to: 'https://new.example/:rest', status: 302 } },
          { match: { path: '/user/:id' }, redirect: { to: '/users?id=:id#:id', status: 302 } },
          { match: { path: '/items/:id/*' }, rewrite: { path: '/x/:id/:rest' }, upstream: 'app' },
          { match: { path: '/strip/*' }, rewrite: { stripPrefix: '/strip' }, upstream: 'app' },
          { match: { path: '/*' }, upstream: 'app' },
        ],
      },
    );
  });

  it.each(payloads)('makes no line of a Location: %s', async payload => {
    for (const target of [`/old/${payload}`, `/old/a?b=${payload}`, `/user/${payload}`, `/user/a?${payload}`]) {
      const response = await rawRequest(gateway.port, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect([200, 302, 400]).toContain(response.status);
      expect(response.header('set-cookie')).toBeUndefined();
      if (response.status !== 302) continue;
      expect(response.header('location')).toMatch(/^(?:https:\/\/new\.example)?\/[\x21-\x7e]*$/);
      expect(response.rawHeaders.filter((_, at) => at % 2 === 0)).not.toContain('X');
    }
  });

  it.each(payloads)('becomes no line of the request to a backend: %s', async payload => {
    for (const target of [`/items/${payload}/${payload}`, `/strip/${payload}?${payload}`, `/${payload}`]) {
      backend.forget();
      const response = await rawRequest(gateway.port, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect(backend.ambiguities).toEqual([]);
      expect(backend.requests.length).toBe(response.status === 200 ? 1 : 0);
      for (const { headers } of backend.requests) expect(valuesOf(headers, 'set-cookie')).toEqual([]);
    }
  });

  it.each([
    '//evil.example/',
    '/\\evil.example/',
    '/%2f%2fevil.example/',
    '/%5cevil.example',
    '/.//evil.example',
    '/;@evil.example',
  ])('leads no client to another host: %s', async path => {
    for (const prefix of ['/old', '/user', '']) {
      const response = await rawRequest(gateway.port, `GET ${prefix}${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      const location = response.header('location');
      if (location === undefined) continue;
      const { host } = new URL(location, 'http://a.example');
      expect(['a.example', 'new.example']).toContain(host);
    }
  });
});

describe.each(['default', 'http-proxy-middleware'])('a `Trailer` field behind %s', forwarder => {
  it('of a request without chunks is dropped, and does no harm', async () => {
    const backend = await startStrictBackend();
    const gateway = await gatewayTo([backend], { forwarder });
    const fields = 'Host: a\r\nTrailer: X-Sum\r\n';
    for (const message of [
      `GET / HTTP/1.1\r\n${fields}\r\n`,
      `POST / HTTP/1.1\r\n${fields}Content-Length: 5\r\n\r\nhello`,
      `POST / HTTP/1.1\r\n${fields}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`,
      `OPTIONS * HTTP/1.1\r\n${fields}\r\n`,
      `GET / HTTP/1.0\r\n${fields}\r\n`,
    ]) {
      expect((await rawRequest(gateway.port, message)).status).toBe(200);
    }
    expect(backend.requests).toHaveLength(5);
    for (const { headers } of backend.requests) expect(valuesOf(headers, 'trailer')).toEqual([]);
    await rawRequest(
      gateway.port,
      `POST / HTTP/1.1\r\n${fields}Transfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 7\r\n\r\n`,
    );
    expect(valuesOf(backend.requests[5]!.headers, 'trailer')).toEqual(['X-Sum']);
    expect(backend.requests[5]!.trailers).toEqual(['X-Sum', '7']);
  });

  it.each([
    'Content-Length: 2\r\n\r\nok',
    'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n',
    'Connection: close\r\n\r\nok',
  ])('of a response reaches only clients that can have trailers: %j', async rest => {
    const backend = await startStrictBackend();
    const gateway = await gatewayTo([backend], { forwarder, circuitBreaker: { enabled: false } });
    for (const [method, version] of [
      ['GET', '1.1'],
      ['GET', '1.0'],
      ['HEAD', '1.1'],
      ['HEAD', '1.0'],
    ] as const) {
      for (const status of ['200 OK', '204 No Content', '304 Not Modified']) {
        const bodyless = method === 'HEAD' || status !== '200 OK';
        const head = `HTTP/1.1 ${status}\r\nTrailer: X-Sum\r\n`;
        const bytes = bodyless ? `${head}${rest.slice(0, rest.indexOf('\r\n\r\n') + 4)}` : head + rest;
        backend.raw.script = async connection => {
          await connection.head();
          connection.end(bytes);
        };
        const response = await rawRequest(gateway.port, `${method} / HTTP/${version}\r\nHost: a\r\n\r\n`);
        expect(response).toMatchObject({ status: Number(status.slice(0, 3)), clean: true });
        const canHave = !bodyless && version === '1.1' && !rest.startsWith('Content-Length');
        expect(response.headerValues('trailer')).toEqual(canHave ? ['X-Sum'] : []);
      }
    }
  });
});

describe('a request behind one that offers an upgrade', () => {
  it.each(['default', 'http-proxy-middleware'])('is never made of the body of another: %s', async forwarder => {
    const backend = await startStrictBackend();
    const gateway = await gatewayTo([backend], { forwarder });
    const client = await connectRaw(gateway.port);
    const hidden = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';
    client.send(
      'GET /first HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n' +
        `POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: ${hidden.length}\r\n\r\n`,
    );
    expect(await client.response()).toMatchObject({ status: 200, text: 'GET /first 0' });
    client.send(hidden);
    expect(await client.response()).toMatchObject({ status: 200, text: `POST /second ${hidden.length}` });
    expect(backend.seen).toEqual(['GET /first 0', `POST /second ${hidden.length}`]);
  });
});
