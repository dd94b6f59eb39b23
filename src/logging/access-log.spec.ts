import { describe, expect, it } from 'vitest';
import { exchangeRecord } from '../../test/support/exchange-record.js';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { AccessLog, type AccessLook, type AccessSettings } from './access-log.js';
import { lineKeys } from '../config/language/kinds/access-log.js';
import { ExchangeTrail } from '../http/exchange-trail.js';
import { LineBuffer } from './line-buffer.js';

const ordinary = exchangeRecord({
  headers: { host: 'shop.example', authorization: 'Bearer abc', ':path': '/orders/7?key=secret', 'x-tag': 'a' },
  backendId: '10.0.0.1:3000',
  bytesOut: 1024,
  times: { openedAt: 1000.1, dispatchedAt: 1000.35, sentAt: 1000.4, respondedAt: 1012.4, closedAt: 1013.1 },
});

interface Setup extends Partial<AccessSettings>, Partial<AccessLook> {
  readonly levelVal?: number;
  readonly random?: () => number;
}

function setup({ levelVal = 30, random = () => 0.5, format = 'json', isoTime = false, ...settings }: Setup = {}) {
  const lines: string[] = [];
  const usual = { enabled: true, sample: 1, exclude: [], redact: ['Authorization'] };
  const all: AccessSettings = { ...usual, fields: new Map(), only: [], maskAddress: 32, ...settings };
  const buffer = new LineBuffer(16);
  const destination = { begin: () => buffer, end: () => void lines.push(buffer.take().toString()) };
  const log = new AccessLog(all, { format, isoTime, isColored: false }, { levelVal }, destination, random);
  const write = (changes: Partial<ExchangeRecord> = {}): Record<string, unknown> | undefined => {
    lines.length = 0;
    log.write({ ...ordinary, ...changes });
    return lines[0] === undefined ? undefined : (JSON.parse(lines[0]) as Record<string, unknown>);
  };
  /** The line as it is. */
  const text = (changes: Partial<ExchangeRecord> = {}): string | undefined => {
    lines.length = 0;
    log.write({ ...ordinary, ...changes });
    return lines[0];
  };
  return { lines, log, text, write };
}

describe('the access log', () => {
  it('writes one JSON line with all that is known of the exchange', () => {
    const { lines, write } = setup();
    const before = Date.now();
    const { time, ...line } = write() ?? {};
    expect(line).toEqual({
      level: 30,
      requestId: 'r-1',
      client: '203.0.113.7',
      method: 'GET',
      host: 'shop.example',
      path: '/orders/7',
      protocol: 'http',
      httpVersion: '1.1',
      listener: 'web',
      status: 200,
      route: 'orders',
      upstream: 'orders',
      backend: '10.0.0.1:3000',
      attempts: 1,
      bytesIn: 3,
      bytesOut: 1024,
      ms: { route: 0.25, connect: 0.05, backend: 12, total: 13 },
      msg: 'exchange',
    });
    expect(time).toBeGreaterThanOrEqual(before);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.indexOf('\n')).toBe((lines[0]?.length ?? 0) - 1);
  });

  it('leaves out what did not happen to a request that matched no route', () => {
    const nothing = { routeName: undefined, upstreamName: undefined, backendId: undefined, attempts: 0 };
    const line = setup().write({
      ...nothing,
      status: 404,
      errorCode: 'NO_ROUTE',
      times: { ...ordinary.times, dispatchedAt: 0, sentAt: 0, respondedAt: 0 },
    });
    expect(line).toMatchObject({ error: 'NO_ROUTE', attempts: 0, ms: { total: 13 } });
    expect(Object.keys(line ?? {})).not.toContain('route');
    expect(Object.keys(line ?? {})).not.toContain('backend');
    expect(line?.['ms']).toEqual({ total: 13 });
  });

  it('says why an attempt failed', () => {
    const line = setup().write({
      status: 502,
      errorCode: 'CONNECT_FAILED',
      errorReason: 'connect ECONNREFUSED',
      times: { ...ordinary.times, respondedAt: 0 },
    });
    expect(line).toMatchObject({ status: 502, error: 'CONNECT_FAILED', reason: 'connect ECONNREFUSED' });
    expect(line?.['ms']).toEqual({ route: 0.25, connect: 0.05, total: 13 });
  });

  it.each([
    ['a line end', '/a\n{"level":30,"msg":"forged"}'],
    ['a terminal escape', '/a\x1b[2J'],
    ['an eight-bit terminal escape', '/a\x9b2J'],
    ['a line separator', '/a\u2028b'],
    ['text that turns its direction', '/a\u202egpj'],
    ['a quote and a backslash', '/a"\\'],
    ['a lone surrogate', '/a\ud800'],
    ['DEL', '/a\x7f'],
  ])('cannot be forged with %s in a path, host or request id', (_what, text) => {
    const { lines, write } = setup();
    expect(write({ path: text, host: text, id: text, errorReason: text })).toMatchObject({
      path: text,
      host: text,
      requestId: text,
    });
    expect(lines[0]).toMatch(/^[\x20-\x7e]+\n$/);
  });

  it('tells how many events a stream had, and how often it was resumed, if it was', () => {
    const { write } = setup();
    expect(write({ protocol: 'sse', events: 7, resumes: 2 })).toMatchObject({ events: 7, resumes: 2 });
    expect(write({ protocol: 'sse', events: 0, resumes: 0 })).toMatchObject({ events: 0 });
    expect(write({ protocol: 'sse', events: 0, resumes: 0 })).not.toHaveProperty('resumes');
    expect(write()).not.toHaveProperty('events');
  });

  it('keeps letters of any language as they are', () => {
    const { lines, write } = setup();
    write({ path: '/größe' });
    expect(lines[0]).toContain('"path":"/größe"');
  });

  it('writes the sampled share of ordinary exchanges', () => {
    expect(setup({ sample: 0.2, random: () => 0.19 }).write()).toBeDefined();
    expect(setup({ sample: 0.2, random: () => 0.2 }).write()).toBeUndefined();
    expect(setup({ sample: 0 }).write()).toBeUndefined();
  });

  it('always writes what failed on our side or at the backend, for any sample', () => {
    const { write } = setup({ sample: 0 });
    expect(write({ status: 500 })).toBeDefined();
    expect(write({ status: 200, errorCode: 'BODY_BROKEN' })).toBeDefined();
    expect(write({ status: 503, errorCode: 'NO_BACKEND' })).toBeDefined();
    expect(write({ status: 499, errorCode: 'CLIENT_ABORTED' })).toBeUndefined();
    expect(write({ status: 401, errorCode: 'DENIED' })).toBeUndefined();
  });

  it('always writes, for any sample, what another try or a fallback has saved', () => {
    const trail = new ExchangeTrail();
    trail.ended('10.0.0.2:3000', 1005, 1000.35, { error: 'RESET' });
    expect(setup({ sample: 0 }).write({ attempts: 2, trail })).toMatchObject({ level: 40, status: 200 });
  });

  it('writes only what the operator asks for', () => {
    const { write } = setup({ only: ['5xx', '404', 'slower:1s', 'retried'] });
    expect(write()).toBeUndefined();
    expect(write({ status: 429, errorCode: 'DENIED' })).toBeUndefined();
    expect(write({ status: 200, errorCode: 'BODY_BROKEN' })).toBeUndefined();
    expect(write({ status: 404 })).toMatchObject({ status: 404 });
    expect(write({ status: 503 })).toMatchObject({ status: 503 });
    expect(write({ attempts: 2 })).toMatchObject({ attempts: 2 });
    expect(write({ times: { ...ordinary.times, closedAt: 2001 } })).toMatchObject({ ms: { total: 1000.9 } });
    expect(write({ times: { ...ordinary.times, closedAt: 2000 } })).toBeUndefined();
  });

  it('keeps as much of the addresses of clients as the operator wants', () => {
    const { lines, write } = setup({
      maskAddress: 16,
      levelVal: 20,
      fields: new Map([['xff', 'header:x-forwarded-for']]),
    });
    const headers = { 'x-forwarded-for': '198.51.100.7', 'x-original-forwarded-for': '198.51.100.7', 'x-tag': 'a' };
    expect(write({ headers })).toMatchObject({ client: '203.0.0.0', xff: '[redacted]', headers: { 'x-tag': 'a' } });
    expect(lines[0]).not.toMatch(/113|198\.51/);
    expect(write({ clientIp: '2001:db8:1:2:3:4:5:6' })).toMatchObject({ client: '2001:db8:1:2::' });
  });

  it('can tell the time as ISO 8601', () => {
    expect(setup({ isoTime: true }).write()?.['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('has exchanges keep the fields of their answers only where it shows some', () => {
    const shows = (source: string, enabled = true): boolean =>
      setup({ enabled, fields: new Map([['x', source]]) }).log.readsResponses;
    expect([shows('response-header:age'), shows('header:age'), shows('response-header:age', false)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('has for itself each name that a field of the operator may not have', () => {
    const trail = new ExchangeTrail();
    trail.fellBack = true;
    trail.queued = trail.retriedAt = 1;
    const tunnel = { messagesIn: 1, messagesOut: 1, closeCode: 1000, closedBy: 'client', timeout: 'x' } as const;
    const line = setup({ levelVal: 20 }).write({
      trail,
      tunnel,
      attempts: 2,
      identity: { scheme: 'basic', subject: 'ann', claims: {} },
      rawHeaders: ['TraceParent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
      errorCode: 'RESET',
      errorReason: 'x',
      events: 1,
      resumes: 1,
    });
    expect(Object.keys(line ?? {}).sort()).toEqual([...lineKeys].sort());
    expect(line).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', identity: 'ann', auth: 'basic' });
  });

  it('writes what some backend may have read as another path than an excluded one', () => {
    const { write } = setup({ exclude: ['/ping', '/assets/*'] });
    for (const path of ['/admin/..%2fping', '/assets/..;/admin', '//x/ping', '/assets\\..\\admin']) {
      expect(write({ path })).toMatchObject({ path });
    }
    expect(write({ path: '/%70ing' })).toBeUndefined();
  });

  it('never writes excluded paths', () => {
    const { write } = setup({ exclude: ['/ping', '/assets/*'] });
    expect(write({ path: '/ping' })).toBeUndefined();
    expect(write({ path: '/assets/app.js', status: 500 })).toBeUndefined();
    expect(write({ path: '/assets' })).toBeUndefined();
    expect(write({ path: '/ping/2' })).toBeDefined();
    expect(write({ path: '/assetsX' })).toBeDefined();
  });

  it('writes nothing when it is switched off or the whole log is silent', () => {
    expect(setup({ enabled: false }).write()).toBeUndefined();
    expect(setup({ levelVal: Infinity }).write()).toBeUndefined();
  });

  it('writes no lines of successes when the log is to hold warnings and worse, but those of failures', () => {
    for (const levelVal of [40, 50]) {
      const { write } = setup({ levelVal });
      expect(write()).toBeUndefined();
      expect(write({ status: 404 })).toBeUndefined();
      expect(write({ status: 499, errorCode: 'CLIENT_ABORTED' })).toBeUndefined();
      expect(write({ status: 502, errorCode: 'RESET' })).toMatchObject({ level: 50 });
      expect(write({ status: 200, errorCode: 'BODY_BROKEN' })).toMatchObject({ level: 50 });
    }
    expect(setup({ levelVal: 60 }).write({ status: 500 })).toBeUndefined();
  });

  it.each([20, 10])('holds no key, in whichever field it came, at level %d', levelVal => {
    const { lines, write } = setup({ levelVal, redact: ['x-partner'] });
    const named = ['x-api-key', 'x-partner', 'x-auth-token', 'x-session', 'cookie', 'x-hub-signature', 'x-jwt'];
    const names = [...named, 'x_partner', 'x.partner', 'x_sid', 'dpop', 'sec-websocket-protocol'];
    const headers = Object.fromEntries(names.map(name => [name, 'hidden']));
    const referer = 'https://user:hidden@app.example/a?v=1&access_token=hidden#x';
    write({ headers: { ...headers, referer, 'x-list': ['/b?api_key=hidden', '/c?v=2'] as unknown as string } });
    expect(lines[0]).not.toContain('hidden');
    expect(lines[0]).toContain('app.example/a?v=1&');
    expect(lines[0]).toContain('/c?v=2');
  });

  it('shows headers at level debug only, with the redacted ones hidden and no query', () => {
    expect(setup({ levelVal: 30 }).write()).not.toHaveProperty('headers');
    const { lines, write } = setup({ levelVal: 20 });
    const headers = { ...ordinary.headers, 'set-cookie': ['a=1', 'b=2'], 'proxy-authorization': 'Basic x' };
    expect(write({ headers })?.['headers']).toEqual({
      host: 'shop.example',
      authorization: '[redacted]',
      'x-tag': 'a',
      'set-cookie': '[redacted]',
      'proxy-authorization': '[redacted]',
    });
    expect(lines[0]).not.toContain('secret');
  });
});
