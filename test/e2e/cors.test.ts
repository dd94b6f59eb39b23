import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type TestBackend } from '../support/backend.js';
import { startChromium, watchedContext } from '../support/chromium.js';
import { rawRequest, request, type RequestOptions, type Response } from '../support/client.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { requireTool } from '../support/require-tool.js';

const app = 'https://app.example';
const cors = {
  origins: [app, 'https://*.shop.example'],
  methods: ['PUT', 'DELETE'],
  headers: ['x-csrf', 'content-type'],
  exposeHeaders: ['x-total'],
};

const accessFields = ({ rawHeaders }: Response): string[] =>
  rawHeaders.filter((name, at) => at % 2 === 0 && /^access-control-/i.test(name)).map(name => name.toLowerCase());

function preflight(method: string, headers: Readonly<Record<string, string>> = {}): RequestOptions {
  return { method: 'OPTIONS', headers: { origin: app, 'access-control-request-method': method, ...headers } };
}

describe('cross-origin requests', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    backend = await startBackend((incoming, response) => {
      const own = incoming.url === '/own' ? ['Access-Control-Allow-Origin', '*', 'Access-Control-Max-Age', '1'] : [];
      response.writeHead(200, ['X-Total', '7', 'Vary', 'Accept', ...own]).end('from the backend');
    });
    gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] }, down: { backends: ['http://127.0.0.1:1'] } },
      security: { cors, validation: { methods: ['GET', 'POST', 'PUT', 'DELETE'] } },
      routes: [
        { name: 'put', match: { path: '/orders/*', methods: ['PUT'] }, upstream: 'app' },
        { name: 'delete', match: { path: '/orders/*', methods: ['DELETE'] }, upstream: 'app' },
        { name: 'down', match: { path: '/down' }, upstream: 'down' },
        {
          name: 'tenants',
          match: { path: '/tenants' },
          upstream: 'app',
          security: { validation: { requireHeaders: ['x-tenant'] } },
        },
        { name: 'moved', match: { path: '/moved' }, redirect: { to: '/own' } },
        { name: 'open', match: { path: '/open' }, upstream: 'app', security: { cors: { origins: ['*'] } } },
        { name: 'own', match: { path: '/own' }, upstream: 'app' },
      ],
    });
  });

  it('may be read by an allowed origin, with any CORS fields of the backend', async () => {
    for (const origin of [app, 'https://a.shop.example']) {
      const response = await request(gateway.port, { path: '/own', headers: { origin } });
      expect(response.text).toBe('from the backend');
      expect(response.headerValues('access-control-allow-origin')).toEqual([origin]);
      expect(response.header('access-control-expose-headers')).toBe('x-total');
      expect(response.header('access-control-max-age')).toBeUndefined();
      expect(response.headerValues('vary')).toEqual(['Accept, Origin']);
    }
  });

  it.each([
    'https://evil.example',
    'null',
    'HTTPS://APP.EXAMPLE',
    `${app}, https://evil.example`,
    `"${app}"`,
    `${app}.`,
  ])('of the origin %s get their answer without a word of CORS', async origin => {
    const response = await request(gateway.port, { path: '/own', headers: { origin } });
    expect(response.text).toBe('from the backend');
    expect(accessFields(response)).toEqual([]);
    expect(response.header('vary')).toBe('Accept, Origin');
  });

  it('of two origins at once, or of one that is very long, get no word of CORS either', async () => {
    const two = await request(gateway.port, { path: '/own', headers: ['Origin', app, 'Origin', app] });
    expect([two.status, accessFields(two)]).toEqual([200, []]);
    const long = await request(gateway.port, { path: '/own', headers: { origin: `https://${'a'.repeat(30_000)}` } });
    expect([long.status, accessFields(long)]).toEqual([200, []]);
    const bytes = await rawRequest(gateway.port, `GET /own HTTP/1.1\r\nHost: a\r\nOrigin: ${app}\xff\r\n\r\n`);
    expect(bytes.status).toBe(200);
    expect(bytes.header('access-control-allow-origin')).toBeUndefined();
  });

  it('that never say where they come from still tell caches that the answer depends on it', async () => {
    const response = await request(gateway.port, { path: '/own' });
    expect([response.header('vary'), accessFields(response)]).toEqual(['Accept, Origin', []]);
  });

  it.each([
    ['an unknown route', '/nowhere', 404],
    ['a backend that is down', '/down', 502],
    ['a denial', '/tenants', 400],
    ['a redirect', '/moved', 308],
    ['a refused head', `/own?${'a'.repeat(20_000)}`, 414],
  ])('may read the answer of the gateway itself: %s', async (_, path, status) => {
    const response = await request(gateway.port, { path, headers: { origin: app } });
    expect(response.status).toBe(status);
    expect(response.header('access-control-allow-origin')).toBe(app);
    expect(response.header('vary')).toBe('Origin');
  });

  it('are open to everyone with *', async () => {
    const response = await request(gateway.port, { path: '/open' });
    expect(response.header('access-control-allow-origin')).toBe('*');
    expect(response.header('vary')).toBe('Accept');
  });

  it('are announced by preflights, which no backend sees', async () => {
    const before = backend.requests.length;
    const asked = preflight('DELETE', { 'access-control-request-headers': 'X-CSRF,content-type' });
    const response = await request(gateway.port, { ...asked, path: '/orders/7' });
    expect([response.status, response.text]).toEqual([204, '']);
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': app,
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
      'access-control-allow-headers': 'x-csrf, content-type',
      'access-control-max-age': '600',
    });
    expect(response.header('content-length')).toBeUndefined();
    expect(backend.requests).toHaveLength(before);
    const line = await gateway.waitForLog(({ msg, method }) => msg === 'exchange' && method === 'OPTIONS');
    expect(line).toMatchObject({ route: 'delete', status: 204 });
  });

  it.each([
    ['an origin', { origin: 'https://evil.example' }, 'PUT'],
    ['a method', {}, 'PATCH'],
    ['a header field', { 'access-control-request-headers': 'x-other' }, 'PUT'],
  ])('are refused before they are made for %s that is not allowed', async (_, headers, method) => {
    const response = await request(gateway.port, { ...preflight(method, headers), path: '/own' });
    expect([response.status, accessFields(response)]).toEqual([403, []]);
    expect(response.header('x-gateway-error')).toBe('DENIED');
  });

  it('can be announced although the route takes neither OPTIONS nor a request without its field', async () => {
    expect((await request(gateway.port, { ...preflight('PUT'), path: '/tenants' })).status).toBe(204);
    expect((await request(gateway.port, { method: 'OPTIONS', path: '/tenants' })).status).toBe(405);
  });

  it('are not announced where no route would take them', async () => {
    expect((await request(gateway.port, { ...preflight('GET'), path: '/orders/7' })).status).toBe(404);
    expect((await request(gateway.port, { ...preflight('PUT'), path: '/nowhere' })).status).toBe(404);
    expect((await request(gateway.port, { method: 'OPTIONS', path: '/orders/7' })).status).toBe(404);
  });

  it('are the backend’s business where nothing is configured', async () => {
    const answering = await startBackend((incoming, response) => {
      response.writeHead(200, ['Access-Control-Allow-Origin', 'https://b.example']).end(incoming.method);
    });
    const plain = await startInProcess({ upstreams: { app: { backends: [answering.url] } } });
    const response = await request(plain.port, preflight('PUT'));
    expect([response.text, response.header('vary')]).toEqual(['OPTIONS', undefined]);
    expect(response.header('access-control-allow-origin')).toBe('https://b.example');
  });
});

describe('a page of another origin in a browser', () => {
  requireTool('chromium');

  it('reads what it may, and nothing else', { timeout: 90_000 }, async () => {
    const backend = await startBackend((incoming, response) => {
      const cookie = incoming.headers.cookie ?? 'none';
      response
        .writeHead(200, ['X-Total', '7', 'X-Secret', '8', 'Set-Cookie', 'seen=1'])
        .end(`${incoming.method} ${cookie}`);
    });
    const pages = await startBackend((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<link rel="icon" href="data:,">');
    });
    const strangers = await startBackend((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<link rel="icon" href="data:,">');
    });
    const rules = { origins: [pages.url], methods: ['PUT'], exposeHeaders: ['x-total'] };
    const gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] }, down: { backends: ['http://127.0.0.1:1'] } },
      security: { cors: rules },
      routes: [
        { match: { path: '/put', methods: ['PUT', 'DELETE'] }, upstream: 'app' },
        { match: { path: '/down' }, upstream: 'down' },
        { match: { path: '/credentials' }, upstream: 'app', security: { cors: { ...rules, credentials: true } } },
        { match: { path: '/get' }, upstream: 'app' },
      ],
    });
    const { context } = await watchedContext(await startChromium());
    const tab = await context.newPage();
    const fetched = (path: string, options: object = {}): Promise<unknown> =>
      tab.evaluate(`(async () => {
        try {
          const response = await fetch('http://127.0.0.1:${gateway.port}${path}', ${JSON.stringify(options)});
          const isProblem = response.headers.get('content-type')?.includes('problem');
          const text = isProblem ? (await response.json()).title : await response.text();
          return [response.status, text, response.headers.get('x-total'), response.headers.get('x-secret')];
        } catch {
          return 'refused';
        }
      })()`);

    await tab.goto(pages.url);
    expect(await fetched('/get')).toEqual([200, 'GET none', '7', null]);
    expect(await fetched('/put', { method: 'PUT', headers: { 'x-any': '1' } })).toEqual([200, 'PUT none', '7', null]);
    expect(await fetched('/put', { method: 'DELETE' })).toBe('refused');
    expect(await fetched('/down')).toEqual([502, 'Backend unreachable', null, null]);
    expect(await fetched('/nowhere')).toEqual([404, 'No route', null, null]);
    // With the cookie only where credentials are allowed; elsewhere the browser keeps the answer from the script.
    expect(await fetched('/get', { credentials: 'include' })).toBe('refused');
    await fetched('/credentials', { credentials: 'include' });
    const again = await fetched('/credentials', { credentials: 'include', method: 'PUT' });
    expect(again).toEqual([200, 'PUT seen=1', '7', null]);

    const made = backend.requests.length;
    await tab.goto(strangers.url);
    expect(await fetched('/put', { method: 'PUT' })).toBe('refused');
    expect(backend.requests).toHaveLength(made);
    expect(await fetched('/get')).toBe('refused');
    expect(backend.requests).toHaveLength(made + 1);
    await tab.setContent(`<script>onmessage = ({ data }) => (document.title = data)</script>
      <iframe sandbox="allow-scripts" srcdoc="<script>
        fetch('http://127.0.0.1:${gateway.port}/get')
          .then(() => 'read', () => 'refused').then(fate => parent.postMessage(fate, '*'))
      </script>"></iframe>`);
    await tab.waitForFunction("document.title !== ''");
    expect(await tab.title()).toBe('refused');
  });
});
