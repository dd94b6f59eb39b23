import { describe, expect, it } from 'vitest';
import { exchangeRecord } from '../../test/support/exchange-record.js';
import { ExchangeTimes } from '../http/exchange-record.js';
import { ExchangeTrail } from '../http/exchange-trail.js';
import { GatewayError } from '../http/gateway-error.js';
import { spansIn, type ReceivedSpan } from '../../test/support/otlp-spans.js';
import { ExchangeTrace, type TracedExchange } from './exchange-trace.js';
import { SpanBatch } from './span-batch.js';
import { spanSource, SpanWriter } from './span-writer.js';
import { writeSpans } from './spans.js';

const source = spanSource({}, { name: 'gatehouse', version: '1' });
const traceId = '0af7651916cd43dd8448eb211c80319c';
const backend = { id: 'a', url: new URL('http://10.0.0.1:3000'), socketPath: undefined };
const traceOf = () => new ExchangeTrace({ closed: () => {} }, traceId, true, undefined, undefined);

function exchangeOf(change: Partial<TracedExchange> = {}): TracedExchange {
  const times = new ExchangeTimes(performance.now() - 20);
  times.closedAt = performance.now();
  return {
    ...exchangeRecord(),
    times,
    scheme: 'http',
    head: { forwardedProto: undefined },
    location: { hostPort: '' },
    listenerInfo: { port: 8080 },
    ...change,
  };
}

const failed = (error: GatewayError, change: Partial<TracedExchange> = {}) =>
  exchangeOf({ status: error.status, error, errorCode: error.code, errorReason: error.cause, ...change });

/** What a collector reads. */
function spansOf(trace: ExchangeTrace, exchange: TracedExchange, addressPrefix = 32): ReceivedSpan[] {
  const writer = new SpanWriter();
  writeSpans(writer, trace, exchange, 'share', addressPrefix);
  const batch = new SpanBatch(source);
  batch.add(trace.attempts.length + 1, writer.written);
  return spansIn(Buffer.from(batch.message()));
}

const serverOf = (exchange: TracedExchange, trace = traceOf()): ReceivedSpan => spansOf(trace, exchange)[0]!;

describe('the span of an exchange', () => {
  it.each([
    ['its listener', {}, 'http', 8080],
    ['the port that was asked for', { location: { hostPort: '8443' } }, 'http', 8443],
    ['what a trusted proxy says', { head: { forwardedProto: 'https' } }, 'https', 8080],
    ['no scheme that there is not', { head: { forwardedProto: 'https, http' } }, 'http', 8080],
    ['no port on a unix socket', { listenerInfo: {} }, 'http', undefined],
  ])('has scheme and port of %s', (_, change, scheme, port) => {
    const { attributes } = serverOf(exchangeOf(change));
    expect([attributes['url.scheme'], attributes['server.port']]).toEqual([scheme, port]);
    expect(Object.values(attributes)).not.toContain(undefined);
  });

  it.each([
    ['an answer', exchangeOf(), undefined, 200],
    ['a refusal', failed(new GatewayError('DENIED', undefined, 'ip-filter', 403)), undefined, 403],
    ['a 5xx of a backend', exchangeOf({ status: 503 }), '503', 503],
    ['a 5xx of its own', failed(new GatewayError('CONNECT_FAILED')), 'CONNECT_FAILED', 502],
    ['half an answer', failed(new GatewayError('BODY_BROKEN'), { status: 200 }), 'BODY_BROKEN', 200],
    ['a client that has left', failed(new GatewayError('CLIENT_ABORTED')), undefined, undefined],
  ])('tells of %s', (_, exchange, type, status) => {
    const span = serverOf(exchange);
    expect(span.attributes['error.type']).toBe(type);
    expect(span.attributes['http.response.status_code']).toBe(status);
    expect(span.isError).toBe(type !== undefined);
  });

  it('is no error where a fallback has answered', () => {
    const trail = new ExchangeTrail();
    trail.fellBack = true;
    const span = serverOf(failed(new GatewayError('NO_BACKEND'), { status: 200, trail }));
    expect([span.isError, span.attributes['gatehouse.error']]).toEqual([false, 'NO_BACKEND']);
  });

  it('lasts as long as the exchange did, by the wall clock', () => {
    const { times, ...rest } = exchangeOf();
    const span = serverOf({ ...rest, times });
    expect(Number(span.end - span.start) / 1e6).toBeCloseTo(times.closedAt - times.openedAt, 3);
    expect(Math.abs(Number(span.end / 1_000_000n) - Date.now())).toBeLessThan(1000);
  });

  it('is cut where it is long, and masked where addresses are', () => {
    const [span] = spansOf(traceOf(), exchangeOf({ path: `/${'😀'.repeat(1000)}` }), 24);
    expect(String(span?.attributes['url.path'])).toHaveLength(1025);
    expect(String(span?.attributes['url.path']).isWellFormed()).toBe(true);
    expect(span?.attributes['client.address']).toBe('203.0.113.0');
  });

  it('keeps the last attempts and the first events of an exchange that has thousands', () => {
    const trace = traceOf();
    for (let count = 0; count < 5000; count++) {
      trace.attempt(backend, count, false).ended(500, false);
      trace.note('retry', { reason: 'reset', wait_ms: count });
    }
    const [server, ...clients] = spansOf(trace, exchangeOf());
    expect(clients.map(({ attributes }) => attributes['http.request.resend_count'])).toEqual(
      Array.from({ length: 32 }, (_, index) => 4968 + index),
    );
    expect(server?.attributes['gatehouse.attempts_left_out']).toBe(4968);
    expect([server?.events.length, server?.lostEvents]).toEqual([32, 4968]);
  });
});

describe('the span of an attempt', () => {
  const clientOf = (at: typeof backend | { id: string; url: URL; socketPath: string }) => {
    const trace = traceOf();
    trace.attempt(at, 0, false).ended(200, false);
    return spansOf(trace, exchangeOf())[1]!;
  };

  it.each([
    [new URL('http://10.0.0.1:3000'), undefined, '10.0.0.1', 3000, 'http://10.0.0.1:3000/orders/7'],
    [new URL('https://b.internal'), undefined, 'b.internal', 443, 'https://b.internal/orders/7'],
    [new URL('http://[::1]'), undefined, '::1', 80, 'http://[::1]/orders/7'],
    [new URL('http://localhost'), '/run/app.sock', '/run/app.sock', undefined, 'http://localhost/orders/7'],
  ])('names the backend at %s %s', (url, socketPath, address, port, full) => {
    const { attributes, kind } = clientOf({ id: 'b', url, socketPath } as typeof backend);
    expect(kind).toBe('client');
    expect([attributes['server.address'], attributes['server.port'], attributes['url.full']]).toEqual([
      address,
      port,
      full,
    ]);
  });

  it('that has not ended ends with the exchange', () => {
    const trace = traceOf();
    trace.attempt(backend, 0, false);
    const [server, client] = spansOf(trace, exchangeOf());
    expect(client?.end).toBe(server?.end);
    expect(client?.isError).toBe(false);
    expect(server?.spanId).toBe(client?.parentId);
  });
});
