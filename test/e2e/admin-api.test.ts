import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { beforeAll, describe, expect, it } from 'vitest';
import { AdminServer } from '../../src/admin/admin-server.js';
import { operations } from '../../src/admin/openapi/operations.js';
import { BackendControl } from '../../src/index.js';
import { answer, startBackend } from '../support/backend.js';
import { makeCertificate } from '../support/certificate.js';
import { open, request, type RequestOptions } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, object>> }>>>
  >;
}

const token = 'hunter2-admin';
const headers = { authorization: `Bearer ${token}` };
let gateway: InProcessGateway;
let document: Document;

const ask = (path: string, more: RequestOptions = {}) => request(gateway.adminPort, { path, headers, ...more });
const post = (path: string, body?: string, type = 'application/json') =>
  ask(path, {
    method: 'POST',
    headers: { ...headers, ...(body !== undefined && { 'content-type': type }) },
    ...(body !== undefined && { body }),
  });
const backend = '/upstreams/orders/backends/orders-a';

/** All that is served, as method and path. */
const all = Object.keys(operations).map(name => name.split(' ') as ['GET' | 'POST', string]);
const reads = all.filter(([method]) => method === 'GET').map(([, path]) => path);
const actions = all.filter(([method]) => method === 'POST').map(([, path]) => path);
const feeds = ['/live', '/tail'];
const filled = (path: string): string => path.replace('{upstream}', 'orders').replace('{backend}', 'orders-a');

beforeAll(async () => {
  const good = await startBackend(answer(200, 'good'));
  const { certFile: cert, keyFile: key } = await makeCertificate({ names: ['shop.example'] });
  gateway = await startInProcess({
    listeners: [
      { name: 'web', host: '127.0.0.1', port: 0 },
      { name: 'secure', host: '127.0.0.1', port: 0, tls: { certificates: [{ cert, key }] } },
    ],
    admin: { host: '127.0.0.1', port: 0, token },
    upstreams: {
      orders: {
        backends: [
          { id: 'orders-a', url: good.url },
          { id: 'orders-b', url: good.url },
        ],
      },
      plain: { backends: [{ id: 'plain-a', url: good.url }], circuitBreaker: { enabled: false } },
    },
    routes: [{ name: 'orders', upstream: 'orders', match: { path: '/*' } }],
  });
  for (const path of ['/1', '/2']) await request(gateway.port, { path });
  document = (await ask('/openapi.json')).json<Document>();
});

describe('the OpenAPI document', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);

  /** Checks a value by a schema of the document. */
  function faultsOf(value: unknown, schema: object): unknown {
    if (ajv.getSchema('document') === undefined) ajv.addSchema({ $id: 'document', ...document });
    // References are to the document.
    const of = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object;
    return ajv.validate(of, value) ? [] : ajv.errors;
  }
  const answerOf = (method: string, path: string) =>
    document.paths[path]![method.toLowerCase()]!.responses['200'] as {
      readonly content: Readonly<Record<string, { readonly schema: object; readonly example?: unknown }>>;
    };

  it('has all that is mounted, and nothing else', () => {
    const mounted = gateway.gateway.app
      .get(AdminServer)
      .mounted.map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.toSorted()).toEqual(mounted.toSorted());
  });

  it('has examples that its schemas take', () => {
    let examples = 0;
    for (const [method, path] of all) {
      for (const { example, schema } of Object.values(answerOf(method, path).content)) {
        if (example === undefined) continue;
        examples++;
        expect(faultsOf(example, schema), path).toEqual([]);
      }
    }
    expect(examples).toBeGreaterThan(8);
  });

  it.each(reads.filter(path => !feeds.includes(path)))('says what GET %s answers', async path => {
    const response = await ask(path);
    const [[type, { schema }]] = Object.entries(answerOf('GET', path).content) as [[string, { schema: object }]];
    expect(response.header('content-type')).toContain(type);
    if (type === 'application/json') expect(faultsOf(response.json(), schema)).toEqual([]);
  });

  it('says what actions answer, and what refusals look like', async () => {
    const path = '/upstreams/{upstream}/backends/{backend}/drain';
    const { schema } = answerOf('POST', path).content['application/json']!;
    expect(faultsOf((await post(`${backend}/drain?for=10m`)).json(), schema)).toEqual([]);
    expect(faultsOf((await post(`${backend}/undrain`)).json(), schema)).toEqual([]);
    const problem = (await post(`${backend}/drain?for=soon`)).json();
    expect(faultsOf(problem, { $ref: '#/components/schemas/Problem' })).toEqual([]);
  });
});

describe('every path of the admin API', () => {
  it('needs the token, but for health', async () => {
    for (const [method, path] of all.filter(([, each]) => !each.startsWith('/health')))
      for (const wrong of [{}, { authorization: 'Bearer wrong' }])
        expect((await ask(filled(path), { method, headers: wrong })).status, path).toBe(401);
  });

  it('takes the methods that the document has, and says so; under unknown paths there is nothing for any method', async () => {
    for (const [, path] of all) {
      const isAction = actions.includes(path);
      for (const method of isAction ? ['DELETE'] : ['POST', 'PUT', 'OPTIONS']) {
        const response = await ask(filled(path), { method, body: '{"weight":5}' });
        expect([response.status, response.header('allow')], path).toEqual([405, isAction ? 'POST' : 'GET, HEAD']);
        // Without the token, no method tells which paths there are.
        if (path.startsWith('/health')) continue;
        expect((await ask(filled(path), { method, headers: {} })).status, path).toBe(401);
      }
    }
    for (const method of ['GET', 'POST', 'DELETE', 'PROPFIND'])
      for (const path of ['/nothing', `${backend}/nothing`, '/status/']) {
        const response = await ask(path, { method });
        expect(response.status, `${method} ${path}`).toBe(404);
        expect(response.json()).toMatchObject({ detail: 'There is nothing under this path.' });
        expect((await ask(path, { method, headers: {} })).status, `${method} ${path}`).toBe(401);
      }
  });

  it('is closed to pages of other origins, and to names that were rebound', async () => {
    const evil = [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      { host: 'evil.example' },
    ];
    for (const [method, path] of all)
      for (const more of evil)
        expect((await ask(filled(path), { method, headers: { ...headers, ...more } })).status, path).toBe(403);
  });

  it('is open to pages of its own origin', async () => {
    const own = {
      ...headers,
      host: '127.0.0.1:9901',
      origin: 'http://127.0.0.1:9901',
      'sec-fetch-site': 'same-origin',
    };
    expect((await ask('/status', { headers: own })).status).toBe(200);
    expect((await ask(`${backend}/undrain`, { method: 'POST', headers: own })).status).toBe(200);
    const other = { ...own, origin: 'http://127.0.0.1:3000' };
    expect((await ask(`${backend}/drain`, { method: 'POST', headers: other })).status).toBe(403);
  });

  it('is never kept by caches', async () => {
    for (const path of reads) {
      const { request: sent, response } = await open(gateway.adminPort, { path, headers });
      expect(response.headers['cache-control'], path).toContain('no-store');
      sent.destroy();
    }
  });

  it('changes nothing by GET or HEAD, at any path', async () => {
    const control = gateway.gateway.app.get(BackendControl);
    const before = [control.snapshot(), gateway.gateway.config, (await ask('/version')).text];
    await gateway.flush();
    const lines = gateway.logs.length;
    for (const [, path] of all.filter(([, each]) => !feeds.includes(each)))
      for (const method of ['GET', 'HEAD'])
        expect((await ask(filled(path), { method })).status, path).toBe(actions.includes(path) ? 405 : 200);
    await gateway.flush();
    expect([control.snapshot(), gateway.gateway.config, (await ask('/version')).text]).toEqual(before);
    expect(gateway.logs.slice(lines)).toEqual([]);
  });

  it('takes values as JSON, and refuses what is none', async () => {
    const taken = await post(`${backend}/weight`, '{"weight":5,"for":"10m"}');
    expect(taken.json()).toMatchObject({ backend: { weight: 5 } });
    const refused = [
      ['{"weight":5', 'The body is not valid JSON.'],
      ['weight=5', 'The body must be JSON', 'application/x-www-form-urlencoded'],
      ['5', 'The body must be a JSON object.'],
      ['{"wieght":5}', 'There is no member "wieght" here; did you mean "weight"?'],
      ['{"weight":{}}', '"weight" must be a text or a number.'],
    ] as const;
    for (const [body, says, type] of refused) {
      const response = await post(`${backend}/weight`, body, type);
      expect([response.status, response.json<{ detail: string }>().detail]).toEqual([
        400,
        expect.stringContaining(says) as string,
      ]);
    }
    expect((await post(`${backend}/weight?weight=3`, '{"weight":5}')).status).toBe(400);
    expect((await post(`${backend}/weight`, JSON.stringify({ weight: '5'.repeat(5_000) }))).status).toBe(413);
    await post(`${backend}/weight`, '{"weight":"reset"}');
  });
});

describe('a circuit breaker', () => {
  it('is held open by hand, closed and reset', async () => {
    const opened = await post(`${backend}/breaker/open`, '{"for":"10m"}');
    expect(opened.json()).toMatchObject({
      backend: { available: false, vetoes: ['circuit-open'], byHand: { breaker: { state: 'open' } } },
      changes: [expect.stringMatching(/^the circuit of orders\/orders-a is held open by hand, until 20/) as string],
    });
    const upstreams = async () => (await ask('/upstreams')).json<{ backends: object[] }[]>();
    expect((await upstreams())[0]!.backends[0]).toMatchObject({ breaker: { state: 'open' } });
    for (let count = 0; count < 4; count++) expect((await request(gateway.port, { path: '/' })).status).toBe(200);
    const closed = await post(`${backend}/breaker/close`);
    expect(closed.json()).toMatchObject({
      backend: { available: true },
      changes: ['the circuit of orders/orders-a is no longer held open by hand'],
    });
    expect((await upstreams())[0]!.backends[0]).toMatchObject({ breaker: { state: 'closed' } });
    expect((await post(`${backend}/breaker/reset`)).json()).toMatchObject({ changes: [] });
  });

  it.each([
    ['orders/backends/orders-c/breaker/open', 404, 'the upstream "orders" has no backend "orders-c"; did you mean'],
    ['oders/backends/orders-a/breaker/close', 404, 'no upstream is named "oders"; did you mean "orders"?'],
    ['orders/backends/orders-a/breaker/close?for=1m', 400, 'There is no parameter "for" here.'],
    ['plain/backends/plain-a/breaker/open', 409, 'the circuit breakers of "plain" are disabled'],
  ])('of %s is refused with %i', async (path, status, says) => {
    const response = await post(`/upstreams/${path}`);
    expect([response.status, response.json<{ detail: string }>().detail]).toEqual([
      status,
      expect.stringContaining(says) as string,
    ]);
  });
});

describe('the audit log', () => {
  it('has a line for each change: who, what, and what came of it', async () => {
    const audited = await startInProcess({
      admin: { host: '127.0.0.1', port: 0, token },
      upstreams: { orders: { backends: [{ id: 'orders-a', url: 'http://127.0.0.1:1' }] } },
    });
    const act = (path: string, more: RequestOptions = {}) =>
      request(audited.adminPort, { method: 'POST', path, headers, ...more });
    const typed = { headers: { ...headers, 'content-type': 'application/json' } };
    await act(`${backend}/drain`, { ...typed, body: '{"for":"10m"}' });
    await act(`${backend}/undrain`);
    await act('/reload');
    await act(`${backend}/undrain`, { ...typed, body: '{"password":"hunter2"}' });
    await act(`${backend}/drain`, { headers: {} });
    await act('/upstreams/orders/backends/nonsense/drain');
    await audited.flush();
    const lines = audited.logs.filter(({ msg }) => msg === 'audit');
    const place = { upstream: 'orders', backend: 'orders-a', by: '127.0.0.1' };
    const says = (text: string) => [expect.stringContaining(text) as string];
    expect(lines).toMatchObject([
      {
        level: 30,
        action: 'drain',
        ...place,
        authenticated: true,
        values: { for: '10m' },
        result: says('drained by hand'),
      },
      { level: 30, action: 'undrain', ...place, status: 200, result: says('no longer drained') },
      { level: 40, action: 'reload', by: '127.0.0.1', status: 501, result: says('came from no file') },
      { level: 40, action: 'undrain', ...place, status: 400, values: {}, result: says('no member "password"') },
      {
        level: 40,
        action: 'drain',
        ...place,
        authenticated: false,
        status: 401,
        result: says('needs the admin token'),
      },
      { level: 40, action: 'drain', upstream: 'orders', backend: 'nonsense', status: 404, result: says('no backend') },
    ]);
    expect(audited.logText).not.toContain('hunter2');
  });
});
