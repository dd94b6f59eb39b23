import {
  ATTR_CLIENT_ADDRESS,
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_FULL,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
} from '@opentelemetry/semantic-conventions';
import { maskAddress } from '../addresses/mask-address.js';
import { isClientFault } from '../http/exchange-failure.js';
import type { AttemptTrace, ExchangeTrace, TracedExchange } from './exchange-trace.js';
import { attributeKey, clientKind, serverKind, type SpanWriter } from './span-writer.js';
import type { KeptFor } from './trace-pipeline.js';
import { wallClockAt } from './wall-clock.js';

/** Methods that are told by their name; others, which a client may make up, are `_OTHER`. */
const knownMethods: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
]);

/** Characters of a value that a span shows. */
const longest = 1024;

const keys = {
  clientAddress: attributeKey(ATTR_CLIENT_ADDRESS),
  errorType: attributeKey(ATTR_ERROR_TYPE),
  method: attributeKey(ATTR_HTTP_REQUEST_METHOD),
  methodOriginal: attributeKey(ATTR_HTTP_REQUEST_METHOD_ORIGINAL),
  path: attributeKey(ATTR_URL_PATH),
  port: attributeKey(ATTR_SERVER_PORT),
  protocolVersion: attributeKey(ATTR_NETWORK_PROTOCOL_VERSION),
  resends: attributeKey(ATTR_HTTP_REQUEST_RESEND_COUNT),
  route: attributeKey(ATTR_HTTP_ROUTE),
  scheme: attributeKey(ATTR_URL_SCHEME),
  server: attributeKey(ATTR_SERVER_ADDRESS),
  status: attributeKey(ATTR_HTTP_RESPONSE_STATUS_CODE),
  url: attributeKey(ATTR_URL_FULL),
};

const own = {
  attempts: attributeKey('gatehouse.attempts'),
  attemptsLeftOut: attributeKey('gatehouse.attempts_left_out'),
  backend: attributeKey('gatehouse.backend'),
  backendMs: attributeKey('gatehouse.backend_ms'),
  connectMs: attributeKey('gatehouse.connect_ms'),
  error: attributeKey('gatehouse.error'),
  givenUp: attributeKey('gatehouse.given_up'),
  hedge: attributeKey('gatehouse.hedge'),
  keptFor: attributeKey('gatehouse.kept_for'),
  listener: attributeKey('gatehouse.listener'),
  protocol: attributeKey('gatehouse.protocol'),
  queueMs: attributeKey('gatehouse.queue_ms'),
  reason: attributeKey('gatehouse.reason'),
  requestId: attributeKey('gatehouse.request_id'),
  stale: attributeKey('gatehouse.stale'),
  timeout: attributeKey('gatehouse.timeout'),
  upstream: attributeKey('gatehouse.upstream'),
};

/**
 * Writes the spans of an exchange that is over: one of kind SERVER for itself, and one of kind CLIENT for each of its attempts, by OpenTelemetry's stable
 * conventions for HTTP. No query, no field of a request and no credential gets into them. `addressPrefix`: bits of IPv4 addresses of clients that are shown.
 */
export function writeSpans(
  out: SpanWriter,
  trace: ExchangeTrace,
  record: TracedExchange,
  why: KeptFor,
  addressPrefix: number,
): void {
  const { closedAt, openedAt } = record.times;
  const offset = wallClockAt(closedAt);
  const name = nameOf(record.method);
  const { routeName } = record;
  const common = { traceId: trace.traceId, state: trace.parent?.state };
  out.begin({
    ...common,
    spanId: trace.spanId,
    parentId: trace.parent?.spanId,
    name: routeName === undefined ? name : `${name} ${routeName}`,
    kind: serverKind,
    from: openedAt + offset,
    to: Math.max(openedAt, closedAt) + offset,
  });
  const isError = writeExchange(out, trace, record, why, addressPrefix);
  writeEvents(out, trace, offset);
  if (trace.origin !== undefined) out.link(trace.origin);
  out.end({ isError, isOfRemote: trace.parent !== undefined, lostEvents: trace.lostEvents });
  for (const attempt of trace.attempts) {
    const { endedAt, spanId, startedAt } = attempt;
    out.begin({
      ...common,
      spanId,
      parentId: trace.spanId,
      name,
      kind: clientKind,
      from: startedAt + offset,
      to: Math.max(startedAt, endedAt || closedAt) + offset,
    });
    out.end({ isError: writeAttempt(out, attempt, record), isOfRemote: false, lostEvents: 0 });
  }
}

/** Gives whether it is an error of the server. */
function writeExchange(
  out: SpanWriter,
  trace: ExchangeTrace,
  record: TracedExchange,
  why: KeptFor,
  addressPrefix: number,
): boolean {
  const { error, errorCode, errorReason, head, protocol, scheme, status, trail } = record;
  const port = record.location.hostPort || record.listenerInfo.port;
  writeMethod(out, record.method);
  out.attribute(keys.scheme, /^https?$/.exec(head.forwardedProto ?? '')?.[0] ?? scheme);
  out.attribute(keys.path, cut(record.path));
  out.attribute(keys.server, cut(record.host));
  out.attribute(keys.port, port === undefined ? undefined : Number(port));
  out.attribute(keys.clientAddress, maskAddress(record.clientIp, addressPrefix));
  out.attribute(keys.protocolVersion, record.httpVersion === '2.0' ? '2' : record.httpVersion);
  out.attribute(keys.route, record.routeName);
  out.attribute(own.requestId, record.id);
  out.attribute(own.listener, record.listener);
  out.attribute(own.upstream, record.upstreamName);
  out.attribute(own.backend, record.backendId);
  out.attribute(own.protocol, protocol);
  out.attribute(own.attempts, record.attempts);
  out.attribute(own.keptFor, why);
  out.attribute(own.error, errorCode);
  out.attribute(own.reason, cut(errorReason ?? record.tunnel?.reason));
  out.attribute(own.timeout, error?.origin.timeout ?? record.tunnel?.timeout);
  // 499 is what the log says of a client that has left: it was not sent.
  if (errorCode !== 'CLIENT_ABORTED' && status > 0) out.attribute(keys.status, status);
  if (trail !== undefined && trail.queued > 0) out.attribute(own.queueMs, tenths(trail.queued));
  if (trace.lostAttempts > 0) out.attribute(own.attemptsLeftOut, trace.lostAttempts);
  // Half an answer is an error too, with any status.
  const isHalf = errorCode !== undefined && !isClientFault(errorCode) && trail?.fellBack !== true;
  const isError = status >= 500 || isHalf;
  if (isError) out.attribute(keys.errorType, errorCode ?? String(status));
  return isError;
}

function writeEvents(out: SpanWriter, trace: ExchangeTrace, offset: number): void {
  const hedges = trace.attempts.filter(each => each.isHedge).map(hedgeOf);
  if (trace.events.length + hedges.length === 0) return;
  for (const { at, attributes, name } of [...trace.events, ...hedges].sort((a, b) => a.at - b.at))
    out.event(
      `gatehouse.${name}`,
      at + offset,
      Object.entries(attributes).map(([key, value]) => [attributeKey(`gatehouse.${key}`), cut(value)] as const),
    );
}

/** Gives whether it is an error of its client, which is the gateway. */
function writeAttempt(out: SpanWriter, attempt: AttemptTrace, record: TracedExchange): boolean {
  const { backend, error, resends, respondedAt, sentAt, startedAt, status } = attempt;
  const { socketPath, url } = backend;
  writeMethod(out, record.method);
  out.attribute(keys.url, cut(`${socketPath === undefined ? url.origin : 'http://localhost'}${record.path}`));
  out.attribute(keys.server, socketPath ?? url.hostname.replace(/^\[|\]$/g, ''));
  if (socketPath === undefined) out.attribute(keys.port, Number(url.port || (url.protocol === 'https:' ? 443 : 80)));
  out.attribute(keys.protocolVersion, '1.1');
  out.attribute(own.upstream, record.upstreamName);
  out.attribute(own.backend, backend.id);
  if (resends > 0) out.attribute(keys.resends, resends);
  if (attempt.isHedge) out.attribute(own.hedge, true);
  if (attempt.isStale) out.attribute(own.stale, true);
  if (attempt.isGivenUp) out.attribute(own.givenUp, true);
  if (status > 0) out.attribute(keys.status, status);
  if (sentAt > 0) out.attribute(own.connectMs, tenths(sentAt - startedAt));
  if (sentAt > 0 && respondedAt > 0) out.attribute(own.backendMs, tenths(respondedAt - sentAt));
  const isError = error !== undefined || status >= 400;
  if (isError) out.attribute(keys.errorType, error ?? String(status));
  return isError;
}

function writeMethod(out: SpanWriter, method: string): void {
  const isKnown = knownMethods.has(method);
  out.attribute(keys.method, isKnown ? method : '_OTHER');
  if (!isKnown) out.attribute(keys.methodOriginal, cut(method));
}

function hedgeOf({ backend, startedAt }: AttemptTrace): ExchangeTrace['events'][number] {
  return { name: 'hedge', at: startedAt, attributes: { backend: backend.id } };
}

function nameOf(method: string): string {
  return knownMethods.has(method) ? method : 'HTTP';
}

function cut<T>(value: T): T | string {
  return typeof value === 'string' && value.length > longest ? `${value.slice(0, longest).toWellFormed()}…` : value;
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
