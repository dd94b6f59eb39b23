import { beforeAll, describe, expect, it } from 'vitest';
import { errorTable, type ErrorCode } from '../../src/http/gateway-error.js';
import { connectRaw, rawRequest, request } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { basic } from '../support/password.js';
import type { LogLine } from '../support/program.js';
import type { RawBackend } from '../support/raw-backend.js';
import { startRefusing } from '../support/refusing-scene.js';
import { handshake } from '../support/upgrade-scene.js';

const preflight = (origin: string, more = ''): string =>
  `OPTIONS /cors HTTP/1.1\r\nHost: a\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: PUT\r\n${more}\r\n`;

/** The codes whose reason a test has looked at. */
const seen = new Set<string>();

describe('the access line says why', () => {
  let gateway: InProcessGateway;
  let raw: RawBackend;

  beforeAll(async () => {
    ({ gateway, raw } = await startRefusing());
  });

  const lineWith = async (id: string | undefined): Promise<LogLine> => {
    const line = await gateway.waitForLog(({ requestId }) => requestId === id);
    seen.add(String(line['error']));
    return line;
  };
  const lineOf = async (path: string): Promise<LogLine> => {
    const line = await gateway.waitForLog(each => each['path'] === path);
    seen.add(String(line['error']));
    return line;
  };
  const asked = async (path: string, options: Parameters<typeof request>[1] = {}): Promise<LogLine> =>
    lineWith((await request(gateway.port, { path, ...options })).header('x-request-id'));
  const said = async (bytes: string): Promise<LogLine> =>
    lineWith((await rawRequest(gateway.port, bytes)).header('x-request-id'));
  const json = (body: string) => ({ method: 'POST', body, headers: { 'content-type': 'application/json' } });

  it.each([
    ['/address', 403, 'ip-filter 127.0.0.0/8', {}],
    ['/inside', 403, 'ip-filter not in allow', {}],
    ['/method', 405, 'method not of GET, HEAD', { method: 'POST' }],
    ['/body', 413, 'max-body 1kb', { method: 'POST', body: 'x'.repeat(1025) }],
    ['/underscores', 400, 'underscore-headers', { headers: { x_user: 'a' } }],
    ['/required', 400, 'required-headers x-tenant', {}],
    ['/type', 415, 'content-type not of application/json', { method: 'POST', body: 'x' }],
    ['/schema', 422, 'json-schema #/items/0/amount', json('{"items":[{"amount":"much"}]}')],
    ['/schema', 422, 'json-schema #/items/0/amount and 1 more', json('{"items":[{"amount":"a"},{"amount":"b"}]}')],
    ['/schema', 400, 'json-schema no valid JSON', json('{')],
    ['/key', 401, 'auth no credentials', {}],
    ['/key', 401, 'api-key unknown', { headers: { 'x-api-key': 'wrong' } }],
    ['/token', 401, 'jwt malformed', { headers: { authorization: 'Bearer x' } }],
    ['/password', 401, 'basic wrong user name or password', { headers: basic('ops', 'wrong') }],
    ['/asked', 403, 'forward 403', {}],
    ['/own/a', 403, 'policy office-hours: Closed.', {}],
    ['/path/a%2fb', 400, 'path encodedSlash', {}],
  ])('for the policy of %s, with %i: %s', async (path, status, reason, options) => {
    expect(await asked(path, options)).toMatchObject({ level: 30, status, reason });
  });

  it('for a body that is too large only while it streams', async () => {
    const pieces = (async function* () {
      for (let i = 0; i < 3; i++) yield await Promise.resolve('x'.repeat(512));
    })();
    expect(await asked('/body', { method: 'POST', body: pieces })).toMatchObject({
      status: 413,
      error: 'BODY_TOO_LARGE',
      reason: 'max-body 1kb',
      phase: 'body',
    });
  });

  it('for limits, and the metrics tell a 429 from a 403', async () => {
    await asked('/rate');
    expect(await asked('/rate')).toMatchObject({ level: 30, status: 429, reason: 'rate-limit 1/1h per address' });
    const held = await connectRaw(gateway.port);
    held.send('GET /places HTTP/1.1\r\nHost: a\r\n\r\n');
    await raw.connection(raw.connections.length + 1);
    expect(await asked('/places')).toMatchObject({ status: 429, reason: 'concurrency 1 in all' });
    held.reset();
    await asked('/address');
    const counted = (labels: object): Promise<number> =>
      gateway.metric('gatehouse_errors_total', { code: 'DENIED', ...labels });
    expect([
      await counted({ status: '429', policy: 'rate-limit' }),
      await counted({ status: '429', policy: 'concurrency' }),
      await counted({ status: '403', policy: 'rate-limit' }),
      (await counted({ status: '403', policy: 'ip-filter' })) > 0,
    ]).toEqual([1, 1, 0, true]);
  });

  it.each([
    ['https://evil.example', '', 'cors origin'],
    ['https://app.example', '', 'cors method'],
  ])('for a preflight from %s: %s%s', async (origin, more, reason) => {
    expect(await said(preflight(origin, more))).toMatchObject({ status: 403, reason });
  });

  it.each([
    [
      'from a page of another origin',
      handshake({ Origin: 'https://evil.example' }, '/socket'),
      403,
      'websocket origin',
    ],
    ['that is none', handshake({ 'Sec-WebSocket-Key': 'short' }, '/socket'), 400, 'websocket handshake'],
  ])('for an upgrade %s', async (_, bytes, status, reason) => {
    expect(await said(bytes)).toMatchObject({ status, reason });
  });

  it.each([
    ['without a Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'Host missing, repeated or not valid'],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 405, 'CONNECT'],
    ['with another coding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n', 501, /^Transfer-Encoding/],
    ['that is too long', `GET /${'x'.repeat(17_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414, /./],
    ['with too many fields', `GET / HTTP/1.1\r\nHost: a\r\n${'X: 1\r\n'.repeat(101)}\r\n`, 431, /./],
    ['that is none', 'NONSENSE\r\n\r\n', 400, /./],
  ])('for a request %s', async (_, bytes, status, reason) => {
    const expected: unknown = typeof reason === 'string' ? reason : expect.stringMatching(reason);
    expect(await said(bytes)).toMatchObject({ status, error: 'DENIED', reason: expected, closedBy: 'gateway' });
  });

  it.each([
    ['/nowhere', { status: 404, error: 'NO_ROUTE', level: 30 }],
    ['/own/broken', { status: 500, error: 'INTERNAL', reason: 'policy office-hours failed', level: 50 }],
    ['/none', { status: 503, error: 'EXHAUSTED', reason: 'EMFILE: connect EMFILE', level: 50 }],
    ['/app/reset', { status: 502, error: 'RESET', reason: /ECONNRESET/, phase: 'backend', closedBy: 'backend' }],
    ['/app/garbage', { status: 502, error: 'PROTOCOL', phase: 'backend', closedBy: 'gateway' }],
    [
      '/app/hangs',
      { status: 504, error: 'HEAD_TIMEOUT', timeout: 'timeouts.response 300ms', phase: 'backend', closedBy: 'gateway' },
    ],
    ['/try', { status: 504, error: 'HEAD_TIMEOUT', timeout: 'retries.tryTimeout 100ms', phase: 'backend' }],
    ['/never', { status: 504, error: 'CONNECT_TIMEOUT', timeout: 'timeouts.connect 100ms', phase: 'connect' }],
    ['/uncounted', { status: 503, error: 'LIMIT_UNAVAILABLE', reason: /^rate-limit store/, phase: 'policies' }],
  ])('for %s', async (path, { reason = /./, ...expected }: Record<string, unknown>) => {
    const why: unknown = reason instanceof RegExp ? expect.stringMatching(reason) : reason;
    expect(await asked(path)).toMatchObject({ ...expected, reason: why });
  });

  it('for a token that cannot be checked', async () => {
    const headers = {
      authorization: `Bearer ${['{"alg":"ES256"}', '{}', 'abc'].map(part => btoa(part).replace(/=+$/, '')).join('.')}`,
    };
    expect(await asked('/token', { headers })).toMatchObject({
      status: 503,
      error: 'AUTH_UNAVAILABLE',
      reason: 'the keys of the issuer are not available',
    });
  });

  it('for a backend that cannot be reached, with each try', async () => {
    expect(await asked('/down')).toMatchObject({
      status: 502,
      error: 'CONNECT_FAILED',
      reason: expect.stringMatching(/ECONNREFUSED/),
      attempts: 3,
      tries: Array.from({ length: 3 }, () => ({
        backend: 'down',
        error: 'CONNECT_FAILED',
        ms: expect.any(Number) as number,
      })),
    });
  });

  it('for an upstream all of whose circuits are open', async () => {
    await asked('/open');
    expect(await asked('/open')).toMatchObject({
      status: 503,
      error: 'NO_BACKEND',
      reason: expect.stringMatching(/./),
    });
  });

  it('for places that are taken, with the time in the queue apart', async () => {
    for (const path of ['/full', '/queue']) {
      const held = await connectRaw(gateway.port);
      held.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await raw.connection(raw.connections.length + 1);
      const line = await asked(path);
      expect(line).toMatchObject({ status: 503, error: 'QUEUE_FULL', phase: 'queue', attempts: 0 });
      const { queue } = line['ms'] as Record<string, number>;
      const waits = path === '/queue';
      expect([line['timeout'], queue! >= 99]).toEqual([waits ? 'connections.queueTimeout 100ms' : undefined, waits]);
      held.reset();
    }
  });

  it('for an answer that breaks, or goes on no more', async () => {
    await expect(request(gateway.port, { path: '/app/half' })).rejects.toThrow();
    expect(await lineOf('/app/half')).toMatchObject({
      ...{ level: 50, status: 200, error: 'BODY_BROKEN', phase: 'response', closedBy: 'backend' },
      reason: expect.stringMatching(/./),
    });
    await expect(request(gateway.port, { path: '/app/idle' })).rejects.toThrow();
    const idle = { error: 'BODY_BROKEN', timeout: 'timeouts.idle 200ms', phase: 'response', closedBy: 'gateway' };
    expect(await lineOf('/app/idle')).toMatchObject(idle);
  });

  it('for clients that go, are late, or break their body', async () => {
    const leaving = await connectRaw(gateway.port);
    leaving.send('GET /app/leaves HTTP/1.1\r\nHost: a\r\n\r\n');
    await raw.connection(raw.connections.length + 1);
    leaving.reset();
    expect(await lineOf('/app/leaves')).toMatchObject({ level: 30, status: 499, closedBy: 'client', phase: 'backend' });

    const { port } = gateway.gateway.listeners[1]!;
    const late = await rawRequest(port!, 'GET /late HTTP/1.1\r\nHost: a\r\n');
    expect(await lineWith(late.header('x-request-id'))).toMatchObject({
      ...{ level: 30, status: 408, error: 'CLIENT_TIMEOUT', reason: 'headerTimeout', phase: 'head' },
      timeout: 'limits.headerTimeout 200ms',
    });
    await rawRequest(port!, 'POST /app/slow HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx');
    expect(await lineOf('/app/slow')).toMatchObject({
      status: 408,
      timeout: 'limits.requestTimeout 300ms',
      phase: 'body',
    });

    const chunked = 'POST /app/chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnothing\r\n';
    await rawRequest(gateway.port, chunked);
    expect(await lineOf('/app/chunks')).toMatchObject({
      ...{ level: 30, status: 400, error: 'CLIENT_BODY', phase: 'body', closedBy: 'gateway' },
      reason: expect.stringMatching(/./),
    });
  });

  it('for a request that has been here before', async () => {
    const answer = await request(gateway.port, { path: '/app/ok' });
    expect(answer.status).toBe(200);
    const via = (await raw.connections.at(-1)!.head()).match(/^via: (.*)\r$/im)?.[1];
    const bytes = `GET /app/ok HTTP/1.1\r\nHost: a\r\nVia: ${via}\r\n\r\n`;
    expect(await said(bytes)).toMatchObject({ status: 508, error: 'LOOP', reason: 'Via names this gateway' });
  });

  it('for what is cut by the end of the gateway, and for every row of the error table', async () => {
    const held = await connectRaw(gateway.port);
    held.send('GET /full HTTP/1.1\r\nHost: a\r\n\r\n');
    await raw.connection(raw.connections.length + 1);
    await gateway.stop(0);
    const last = gateway.logs.findLast(({ msg, error }) => msg === 'exchange' && error === 'DRAINING');
    expect(last).toMatchObject({ level: 50, status: 503, reason: 'shutdown.grace is over', phase: 'backend' });
    seen.add('DRAINING');
    const rows = (Object.keys(errorTable) as ErrorCode[]).filter(code => code !== 'OVERLOADED');
    expect(rows.filter(code => !seen.has(code))).toEqual([]);
  });
});

it('the access line says why a request is refused while the gateway has too much to do', async () => {
  const gateway = await startInProcess({
    overload: { eventLoopDelay: '150ms' },
    routes: [{ match: { path: '/' }, respond: { status: 200 } }],
  });
  const client = await connectRaw(gateway.port);
  // The request waits in the socket while this process stands still, as the gateway does in it.
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const until = performance.now() + 600;
  while (performance.now() < until);
  const line = await gateway.waitForLog(({ msg }) => msg === 'exchange');
  expect(line).toMatchObject({ level: 50, status: 503, error: 'OVERLOADED', reason: 'overload.eventLoopDelay' });
});
