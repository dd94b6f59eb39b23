import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Explanation } from '../../src/explain/explanation.js';
import { Explainer } from '../../src/explain/explainer.js';
import { readQuestion } from '../../src/explain/question.js';
import { buildUntyped } from '../../src/config/loading/load-config.js';
import { startBackend, type TestBackend } from '../support/backend.js';
import { request, type Response } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';

/** Configurations, each with a gateway of its own, and requests for each. */
const configurations = 15;
const requests = 30;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const hosts = fc.constantFrom([], [], ['a.test'], ['*.test'], ['a.test', 'b.test']);
const paths = fc.uniqueArray(
  fc.constantFrom('/a', '/a/', '/a/*', '/a/:x', '/a/b', '/:x/b', '/:x/*', '/A', '/c/*', '/*'),
  { maxLength: 3 },
);
const action = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<object>({ upstream: 'one' }, { upstream: 'two' }, { upstream: 'down' }) },
  {
    weight: 2,
    arbitrary: fc.constant<object>({
      split: [
        { upstream: 'one', weight: 2 },
        { upstream: 'two', weight: 1 },
      ],
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<object>(
      { respond: { status: 200, body: 'here' } },
      { respond: { status: 403 } },
      { redirect: { to: '/moved/:rest', status: 307 } },
      { redirect: { to: 'https://new.test/', status: 302 } },
    ),
  },
);
const rewrite = fc.option(
  fc.constantFrom<object>({ stripPrefix: '/a' }, { replacePrefix: ['/a', '/v2/a'] }, { path: '/fixed' }),
  { nil: undefined, freq: 2 },
);
const security = fc.record(
  {
    ipFilter: fc.constantFrom<object>({ deny: ['192.0.2.0/24'] }, { allow: ['198.51.100.0/24', '127.0.0.0/8'] }),
    rateLimit: fc.constantFrom<object>({ limit: 2, per: '1h' }, { limit: 2, per: '1h', key: 'global' }, [
      { limit: 9, per: '1h' },
      { limit: 4, per: '1h', key: 'header:x-key' },
    ]),
    concurrency: fc.constant<object>({ limit: 2 }),
    auth: fc.constant<object>({ apiKey: { header: 'x-key', keys: [{ id: 'partner', sha256: sha256('right') }] } }),
    cors: fc.constant<object>({ origins: ['https://app.test'], methods: ['PUT'] }),
    validation: fc.constantFrom<object>(
      { methods: ['GET', 'POST'] },
      { requireHeaders: ['x-need'] },
      { underscoreHeaders: 'reject' },
      { path: { encodedSlash: 'reject' } },
      { path: 'strict' },
      { maxBody: '1b', contentTypes: ['application/json'] },
    ),
  },
  { requiredKeys: [] },
);
const route = fc
  .record({
    match: fc.record({
      hosts,
      path: paths,
      methods: fc.constantFrom([], [], ['GET'], ['POST', 'PUT']),
      headers: fc.constantFrom<object>({}, {}, { 'x-beta': '1' }, { 'x-beta': { present: false } }),
      query: fc.constantFrom<object>({}, {}, {}, { v: '2' }),
      caseSensitive: fc.constantFrom(true, true, false),
      trailingSlash: fc.constantFrom('exact', 'exact', 'ignore'),
    }),
    priority: fc.constantFrom(0, 0, 0, 1, -1),
    action,
    rewrite,
    security: fc.option(security, { nil: undefined, freq: 3 }),
    headers: fc.constantFrom<object>({}, { request: { set: { 'x-tier': 'gold' }, remove: ['x-beta'] } }),
    sse: fc.constantFrom<object>({}, {}, { maxConnections: 1 }),
    websocket: fc.constantFrom<object>({}, {}, { enabled: false }, { origins: ['https://app.test'] }),
  })
  .map(({ action: what, rewrite: how, security: guarded, ...rest }) => ({
    ...rest,
    ...what,
    ...('upstream' in what || 'split' in what ? how && { rewrite: how } : {}),
    ...(guarded && { security: guarded }),
  }));
const anyConfig = fc.record({
  routes: fc.array(route, { minLength: 4, maxLength: 8 }),
  strategy: fc.constantFrom<unknown>(
    'round-robin',
    'random',
    'least-connections',
    'power-of-two-choices',
    'peak-ewma',
    'ip-hash',
    { name: 'consistent-hash', key: 'header:x-key' },
  ),
  fallback: fc.constantFrom<object | undefined>(undefined, { status: 503, body: 'later' }, { upstream: 'one' }),
  security: fc.constantFrom<object>({}, {}, { headers: {} }),
});

/** One of the values, in one of so many requests and one more. */
function rarely(freq: number, ...values: readonly string[]): fc.Arbitrary<string | undefined> {
  return fc.oneof(
    { weight: freq, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );
}

const anyRequest = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'TRACE'),
  host: fc.constantFrom(
    ...Array.from({ length: 14 }, () => 'a.test'),
    'b.test',
    'c.b.test',
    'other',
    'A.TEST:8080',
    'not a host',
  ),
  path: fc.constantFrom(
    ...['/', '/a', '/A', '/a/', '/a/b', '/a/b/c', '/x/b', '/c/d', '/a/%2Fb', '/a/../c/x', '/c/..%2fa', '/a;x'],
    ...['/a//b', '//a/b', '/%61/b', '/a\\b', '/a/b%20', '*'],
    ...['/', '/a', '/a/b', '/a/1', '/c/1', '/a', '/a/b', '/a/1', '/c/1', '/x/b', '/a/b/c', '/a', '/a/b'],
  ),
  query: fc.constantFrom('', '', '?v=2', '?v=1&w', '?'),
  headers: fc
    .record({
      'x-beta': rarely(3, '1', '2'),
      'x-key': rarely(1, 'right', 'right', 'wrong'),
      'x-need': rarely(1, 'yes'),
      x_odd: rarely(8, '1'),
      origin: rarely(4, 'https://app.test', 'https://evil.test'),
      'access-control-request-method': rarely(4, 'PUT', 'GET'),
      'x-forwarded-for': rarely(3, '192.0.2.9', '198.51.100.7', '203.0.113.5, 192.0.2.1'),
      forwarded: rarely(6, 'for=192.0.2.77'),
      accept: rarely(3, 'text/event-stream', 'text/html'),
      'content-type': rarely(3, 'application/json', 'text/plain'),
      'max-forwards': rarely(5, '0', '3'),
      connection: rarely(6, 'x-beta', 'close'),
      expect: rarely(40, 'a miracle'),
    })
    .map(fields => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))),
});

type AnyRequest = Omit<typeof anyRequest extends fc.Arbitrary<infer T> ? T : never, 'headers'> & {
  readonly headers: Readonly<Record<string, string>>;
};
type AnyConfig = typeof anyConfig extends fc.Arbitrary<infer T> ? T : never;

/** The fields by which backends differ between two requests that are the same. */
const ownFields = /^(?:x-request-id|via|host|connection)$/i;

let backends: readonly TestBackend[];

/** The configuration as an object; undefined: it is none that can be. */
function plainOf({ fallback, routes, security: top, strategy }: AnyConfig): object | undefined {
  const [a, b, c, d] = backends.map(({ url }, index) => ({ url, id: 'abcd'[index], weight: 1 + (index >> 1) }));
  const plain = {
    trustedProxies: ['127.0.0.1'],
    logging: { level: 'silent' },
    upstreams: {
      one: { backends: [a, b], strategy, retries: { attempts: 0 } },
      two: { backends: [c, { ...d, backup: true }], hostHeader: 'backend' },
      down: { backends: ['http://127.0.0.1:1'], ...(fallback && { fallback }) },
    },
    security: top,
    routes: routes.map((each, index) => ({
      name: `r${index}`,
      ...each,
      headers: { ...each.headers, response: { set: { 'x-route': `r${index}` } } },
    })),
  };
  try {
    buildUntyped(plain);
    return plain;
  } catch {
    return undefined;
  }
}

/** The fields of a request as they are sent. */
function fieldsOf({ headers, host, method }: AnyRequest): Record<string, string> {
  const framing = method === 'POST' || method === 'PUT' ? { 'content-length': '0' } : {};
  return { host, connection: 'close', ...framing, ...headers };
}

function forecast(explainer: Explainer, asked: AnyRequest): Promise<Explanation> {
  const { method, path, query } = asked;
  return explainer.explain(readQuestion({ method, url: `${path}${query}`, headers: fieldsOf(asked) }));
}

function send(port: number, asked: AnyRequest): Promise<Response> {
  const { method, path, query } = asked;
  return request(port, { method, path: `${path}${query}`, headers: Object.entries(fieldsOf(asked)).flat() });
}

/** What differs between an explanation and what has happened; nothing, if it is right. */
function differences(
  told: Explanation,
  response: Response,
  seen: TestBackend['requests'][number] | undefined,
): unknown[] {
  const { forwarded, upstream, verdict } = told;
  const found: unknown[] = [];
  const error = response.header('x-gateway-error');
  const isForwarded = verdict.kind === 'forwarded';
  // It cannot be reached: the attempt fails, and another upstream may stand in.
  if (isForwarded && upstream?.name === 'down') return [200, 502, 503, 504].includes(response.status) ? [] : ['down'];
  if (verdict.kind === 'unknown') found.push(['unknown', verdict]);
  if (isForwarded !== (seen !== undefined)) found.push(['forwarded', verdict, response.status, error]);
  if (verdict.kind === 'refused' && verdict.status !== response.status)
    found.push(['status', verdict, response.status]);
  if (verdict.kind === 'refused' && response.header('x-gateway-error') !== verdict.code)
    found.push(['code', verdict, error]);
  if (verdict.kind === 'answered' && verdict.status !== response.status)
    found.push(['answer', verdict, response.status]);
  const route = response.header('x-route');
  if (route !== undefined && route !== told.route) found.push(['route', told.route, route]);
  if (route !== undefined && isForwarded && !told.response.includes(`+ x-route: ${route}`)) found.push(['response']);
  const winner = told.routes.find(({ outcome }) => outcome === 'wins')?.name;
  if (winner !== told.route && told.notes.length === 0 && error === undefined)
    found.push(['winner', winner, told.route]);
  if (!isForwarded || seen === undefined) return found;
  if (forwarded?.target !== seen.url) found.push(['target', forwarded?.target, seen.url]);
  const may = upstream!.backends.filter(({ mayBePicked }) => mayBePicked).map(({ url }) => url);
  const at = backends.find(({ requests: all }) => all.includes(seen))!.url;
  if (!may.includes(at)) found.push(['backend', may, at]);
  return found;
}

/** The names of fields that are told to be new, and those that the backend got and the client did not send. */
function newNames(told: Explanation): string[] {
  const changes = told.forwarded?.changes ?? [];
  return changes.flatMap(line => (line.startsWith('+ ') ? [line.slice(2, line.indexOf(':'))] : []));
}

describe('an explanation', () => {
  beforeAll(async () => {
    backends = await Promise.all(Array.from({ length: 4 }, () => startBackend((_, response) => response.end('ok'))));
  });

  const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
  it(`agrees with what happens, for any configuration and request (FC_SEED=${seed})`, async () => {
    const configs = fc
      .sample(fc.noBias(anyConfig), { seed, numRuns: configurations * 3 })
      .map(plainOf)
      .filter(plain => plain !== undefined)
      .slice(0, configurations);
    expect(configs.length).toBeGreaterThan(configurations / 2);
    const kinds = new Set<string>();
    for (const [index, plain] of configs.entries()) {
      const gateway: InProcessGateway = await startInProcess(plain);
      const explainer = gateway.gateway.app.get(Explainer);
      for (const each of fc.sample(fc.noBias(anyRequest) as fc.Arbitrary<AnyRequest>, {
        seed: seed + index,
        numRuns: requests,
      })) {
        const told = await forecast(explainer, each);
        const before = backends.map(({ requests: all }) => all.length);
        const response = await send(gateway.port, each);
        const seen = backends.flatMap(({ requests: all }, n) => all.slice(before[n])).at(0);
        const kind = `${told.verdict.kind} ${told.verdict.status ?? ''} ${told.verdict.policy ?? ''}`.trim();
        kinds.add(kind);
        const wrong = differences(told, response, seen);
        if (seen !== undefined) {
          const got = new Set(seen.rawHeaders.filter((__, n) => n % 2 === 0).map(name => name.toLowerCase()));
          for (const name of newNames(told)) if (!got.has(name) && !ownFields.test(name)) wrong.push(['field', name]);
        }
        expect(wrong, JSON.stringify({ seed, plain, request: each, told })).toEqual([]);
      }
      await gateway.stop();
    }
    // The configurations and requests are worth the name.
    expect(kinds.size).toBeGreaterThan(8);
  });
});
