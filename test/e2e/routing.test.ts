import { beforeAll, describe, expect, it } from 'vitest';
import { type TestBackend, startBackend } from '../support/backend.js';
import { type RawResponse, rawRequest } from '../support/client.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';

const routes = [
  { name: 'orders', match: { hosts: ['shop.example', '*.shop.example'], path: '/orders/*' } },
  { name: 'order-export', match: { hosts: ['shop.example'], path: '/orders/:id/export' } },
  { name: 'new-order', match: { hosts: ['shop.example'], path: '/orders', methods: ['POST'] } },
  { name: 'beta', match: { hosts: ['shop.example'], path: '/orders/*', headers: { 'x-beta': '1' } } },
  { name: 'versioned', match: { path: '/api/*', headers: { 'x-version': { pattern: '^v[0-9]+$' } } } },
  { name: 'signed', match: { path: '/api/*', query: { signature: { present: true } } } },
  { name: 'second', match: { path: '/api/*', query: { version: '2' } } },
  { name: 'either', match: { path: ['/this', '/that/*'] } },
  { name: 'admin', match: { path: '/admin/*' }, respond: { status: 403, body: 'not for you' } },
  { name: 'old', match: { path: '/old/*' }, redirect: { to: 'https://new.example/:rest', status: 308 } },
  { name: 'moved', match: { path: '/user/:id' }, redirect: { to: '/users/:id?from=old', status: 301 } },
  { name: 'ping', match: { path: '/ping' }, respond: { status: 200, headers: { 'x-a': 'b' }, body: 'pong' } },
  { name: 'empty', match: { path: '/empty' }, respond: { status: 204 } },
  { name: 'strip', match: { path: '/strip/*' }, rewrite: { stripPrefix: '/strip' } },
  { name: 'replace', match: { path: '/v1/*' }, rewrite: { replacePrefix: ['/v1', '/v2/api'] } },
  { name: 'template', match: { path: '/items/:id/*' }, rewrite: { path: '/x/:id/:rest' } },
  {
    name: 'rules',
    match: { path: '/rules' },
    headers: {
      request: { set: { 'x-tier': 'gold' }, add: { 'x-list': 'three' }, remove: ['cookie'] },
      response: { set: { 'cache-control': 'no-store' }, add: { vary: 'x-tier' }, remove: ['server'] },
    },
  },
  { name: 'rest', match: { hosts: ['*.shop.example'] } },
  { name: 'strict', match: { hosts: ['strict.example'] }, security: strictPaths() },
  {
    name: 'byte-for-byte',
    match: { hosts: ['bytes.example'] },
    security: { validation: { path: { dotSegments: 'keep' } } },
  },
  { name: 'anything', match: { headers: { 'x-nowhere': { present: false } } } },
];

function strictPaths(): object {
  const path = { dotSegments: 'reject', duplicateSlashes: 'reject', encodedSlash: 'reject', controls: 'reject' };
  return { validation: { path } };
}

describe('a request', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    backend = await startBackend((_request, response) => {
      response.writeHead(200, ['Server', 'backend/1', 'Cache-Control', 'public', 'Vary', 'accept']).end('ok');
    });
    gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] } },
      routes: routes.map(route => ('redirect' in route || 'respond' in route ? route : { ...route, upstream: 'app' })),
    });
  });

  async function ask(
    target: string,
    host = 'any.example',
    lines: readonly string[] = [],
    method = 'GET',
  ): Promise<RawResponse> {
    const head = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...lines];
    return rawRequest(gateway.port, `${head.join('\r\n')}\r\n\r\n`);
  }

  /** Sends a request, and gives the id by which the log knows it. */
  async function idOf(...request: Parameters<typeof ask>): Promise<string> {
    const before = backend.requests.length;
    const response = await ask(...request);
    // Of the answers, only those that the gateway makes itself carry the id to the client.
    return backend.requests[before]?.header('x-request-id') ?? response.header('x-request-id') ?? '';
  }

  /** The target that the backend gets. */
  async function forwarded(...request: Parameters<typeof ask>): Promise<string> {
    expect((await ask(...request)).status).toBe(200);
    return backend.last.url;
  }

  it('goes the way that the most specific route says', async () => {
    const cases: [route: string, ...Parameters<typeof ask>][] = [
      ['orders', '/orders/7', 'shop.example'],
      ['orders', '/orders', 'shop.example'],
      ['orders', '/orders/7', 'SHOP.Example.:8080'],
      ['orders', '/orders/7', 'eu.shop.example'],
      ['orders', '/orders/%37/../8', 'shop.example'],
      ['new-order', '/orders', 'shop.example', ['Content-Length: 0'], 'POST'],
      ['order-export', '/orders/7/export', 'shop.example'],
      ['beta', '/orders/7', 'shop.example', ['X-Beta: 1']],
      ['orders', '/orders/7', 'shop.example', ['X-Beta: 2']],
      ['versioned', '/api/x', 'any.example', ['X-Version: v12']],
      ['anything', '/api/x', 'any.example', ['X-Version: 12']],
      ['signed', '/api/x?a=b&signature=', 'any.example'],
      ['second', '/api/x?version=1&version=2', 'any.example'],
      ['either', '/this'],
      ['either', '/that/one'],
      ['anything', '/this/one'],
      ['rest', '/ping', 'eu.shop.example'],
      ['anything', '/x', '127.0.0.1:8080'],
      ['anything', '/x', 'shop.example'],
      ['-', '/x', 'any.example', ['X-Nowhere: yes']],
    ];
    const found: string[] = [];
    for (const [, ...request] of cases) found.push(await idOf(...request));
    for (const [index, [route, ...request]] of cases.entries()) {
      const line = await gateway.waitForLog(({ requestId }) => requestId === found[index]);
      expect(`${request.join(' ')} → ${String(line['route'] ?? '-')}`).toBe(`${request.join(' ')} → ${route}`);
    }
  });

  it('with a target in absolute form goes by the host in it', async () => {
    expect(await forwarded('http://shop.example/orders/1', 'any.example')).toBe('/orders/1');
    expect(backend.last.header('host')).toBe('shop.example');
    expect((await ask('http://any.example/ping', 'eu.shop.example')).text).toBe('pong');
  });

  it.each([
    '/admin',
    '/admin/x',
    '/%61dmin/x',
    '//admin/x',
    '/x/../admin',
    '/x/%2e%2e/admin/',
    '/x/..%2Fadmin',
    '/./admin',
  ])('cannot evade a route by spelling it %s', async target => {
    expect(await ask(target)).toMatchObject({ status: 403, text: 'not for you' });
  });

  it('that no route matches gets 404', async () => {
    const response = await ask('/x', 'other.example', ['X-Nowhere: yes']);
    expect(response).toMatchObject({ status: 404 });
    expect(response.header('x-gateway-error')).toBe('NO_ROUTE');
    expect(response.header('content-type')).toBe('application/problem+json');
    expect(response.json()).toMatchObject({ status: 404, title: 'No route' });
  });

  it.each([
    ['/old/a/b?c=d', 308, 'https://new.example/a/b?c=d'],
    ['/old', 308, 'https://new.example/'],
    ['/old/a%2Fb%20c', 308, 'https://new.example/a%2Fb%20c'],
    ['/user/7?x=y', 301, '/users/7?from=old'],
  ])('for %s is redirected: %d, %s', async (target, status, location) => {
    const response = await ask(target);
    expect(response.status).toBe(status);
    expect(response.header('location')).toBe(location);
  });

  it('cannot have its redirect lead to another host, or split the answer', async () => {
    for (const target of ['/old//evil.example/x', '/old/%2F%2Fevil.example', '/old/%0d%0aSet-Cookie:%20a=b']) {
      const response = await ask(target);
      expect(response.status).toBe(308);
      expect(new URL(response.header('location') ?? '').host).toBe('new.example');
      expect(response.header('set-cookie')).toBeUndefined();
    }
  });

  it('gets a fixed response', async () => {
    const pong = await ask('/ping');
    expect(pong).toMatchObject({ status: 200, text: 'pong' });
    expect(pong.header('x-a')).toBe('b');
    expect(pong.header('content-length')).toBe('4');
    expect(await ask('/ping', 'any.example', [], 'HEAD')).toMatchObject({ status: 200, ending: 'no-body' });
    expect(await ask('/empty')).toMatchObject({ status: 204, ending: 'no-body' });
  });

  it.each([
    ['/strip/a/b?c', '/a/b?c'],
    ['/strip', '/'],
    ['/strip/a%2Fb', '/a%2Fb'],
    ['/strip//evil', '/evil'],
    ['/v1/orders?x=%20', '/v2/api/orders?x=%20'],
    ['/v1', '/v2/api'],
    ['/items/7/a/b', '/x/7/a/b'],
    ['/items/%C3%A9/a', '/x/%C3%A9/a'],
  ])('for %s is rewritten to %s', async (target, url) => {
    expect(await forwarded(target)).toBe(url);
  });

  it.each([
    '/a%2Fb%2fc',
    '/a//b',
    '/%7Euser/~user',
    '/a;b=c,d',
    '/a?',
    '/a?b?c=%00&&=',
    '/%zz%',
    "/!$&'()*+,;=:@",
    '/a/..x/.y/...',
    '/%E2%82%AC',
    '/?next=/../x//y',
  ])('for %s is forwarded byte for byte', async target => {
    expect(Buffer.from(await forwarded(target), 'latin1')).toEqual(Buffer.from(target, 'latin1'));
  });

  it.each([
    ['/a/../b', '/b'],
    ['/a/./b/', '/a/b/'],
    ['/a/%2e%2E/b%2Fc', '/b%2Fc'],
    ['/../../b', '/b'],
    ['/a/b/..', '/a/'],
  ])('for %s is forwarded as %s: dot segments are resolved', async (target, url) => {
    expect(await forwarded(target)).toBe(url);
    expect(await forwarded(target, 'bytes.example')).toBe(target);
  });

  it.each(['/a/../b', '/a/%2e/b', '/a//b', '/a%2fb', '/a%5Cb', '/a%00', '/a%0ab'])(
    'for %s is refused where the route asks for clean paths',
    async target => {
      const before = backend.requests.length;
      const response = await ask(target, 'strict.example');
      expect(response.status).toBe(400);
      expect(response.header('x-gateway-error')).toBe('DENIED');
      expect(backend.requests).toHaveLength(before);
      expect((await ask('/a%20b', 'strict.example')).status).toBe(200);
    },
  );

  it('has its headers changed by the rules of the route, and so has its answer', async () => {
    const lines = ['Cookie: a=b', 'X-Tier: iron', 'X-List: one', 'X-List: two'];
    const response = await ask('/rules', 'any.example', lines);
    const values = (name: string): string[] =>
      backend.last.rawHeaders.filter((_, i, all) => i % 2 === 1 && all[i - 1]?.toLowerCase() === name);
    expect(values('x-tier')).toEqual(['gold']);
    expect(values('x-list')).toEqual(['one', 'two', 'three']);
    expect(values('cookie')).toEqual([]);
    expect(response.header('server')).toBeUndefined();
    expect(response.headerValues('cache-control')).toEqual(['no-store']);
    expect(response.headerValues('vary')).toEqual(['accept', 'x-tier']);
  });

  it.each(['PROPFIND', 'PURGE', 'QUERY', 'PATCH', 'DELETE', 'OPTIONS', 'REPORT'])(
    'may use the method %s',
    async method => {
      expect((await ask('/dav', 'any.example', [], method)).status).toBe(200);
      expect(backend.last.method).toBe(method);
    },
  );

  it('for the whole server, OPTIONS *, is passed on as it is', async () => {
    expect(await forwarded('*', 'any.example', [], 'OPTIONS')).toBe('*');
  });
});
