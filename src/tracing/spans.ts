import {
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Attributes,
  type HrTime,
  type SpanContext,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
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
import type { TraceContext } from './trace-context.js';
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

/** What all spans of a pipeline say. */
export interface SpanOrigin {
  readonly resource: Resource;
  readonly instrumentationScope: { readonly name: string; readonly version: string };
  /** Bits of IPv4 addresses of clients that are shown. */
  readonly addressPrefix: number;
}

/**
 * The spans of an exchange that is over: one of kind SERVER for itself, and one of kind CLIENT for each of its attempts, by OpenTelemetry's stable conventions
 * for HTTP. No query, no field of a request and no credential gets into them.
 */
export function spansOf(
  trace: ExchangeTrace,
  record: TracedExchange,
  why: KeptFor,
  origin: SpanOrigin,
): ReadableSpan[] {
  const { closedAt } = record.times;
  const offset = wallClockAt(closedAt);
  const own = contextOf(trace.traceId, trace.spanId);
  const at = (time: number): HrTime => hrTime(time + offset);
  const span = (
    context: SpanContext,
    from: number,
    to: number,
    told: Pick<ReadableSpan, 'attributes' | 'kind' | 'name' | 'status'> & Partial<ReadableSpan>,
  ): ReadableSpan => ({
    spanContext: () => context,
    startTime: at(from),
    endTime: at(Math.max(from, to)),
    duration: hrTime(Math.max(0, to - from)),
    ended: true,
    links: [],
    events: [],
    resource: origin.resource,
    instrumentationScope: origin.instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    ...told,
    attributes: present(told.attributes),
  });
  const hedges = trace.attempts.filter(each => each.isHedge).map(hedgeOf);
  const events = [...trace.events, ...hedges].sort((a, b) => a.at - b.at);
  const server = span(own, record.times.openedAt, closedAt, {
    ...serverSpan(trace, record, why, origin.addressPrefix),
    ...(trace.parent !== undefined && { parentSpanContext: remote(trace.parent) }),
    links: trace.origin === undefined ? [] : [{ context: remote(trace.origin) }],
    events: events.map(({ at: time, attributes, name }) => ({
      time: at(time),
      name: `gatehouse.${name}`,
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([key, value]) => [`gatehouse.${key}`, cut(value)]),
      ),
    })),
    droppedEventsCount: trace.lostEvents,
  });
  const clients = trace.attempts.map(attempt =>
    span(contextOf(trace.traceId, attempt.spanId), attempt.startedAt, attempt.endedAt || closedAt, {
      ...clientSpan(attempt, record),
      parentSpanContext: own,
    }),
  );
  return [server, ...clients];
}

type Told = Pick<ReadableSpan, 'attributes' | 'kind' | 'name' | 'status'>;

function serverSpan(trace: ExchangeTrace, record: TracedExchange, why: KeptFor, addressPrefix: number): Told {
  const { error, errorCode, errorReason, head, method, protocol, routeName, scheme, status, trail } = record;
  const port = record.location.hostPort || record.listenerInfo.port;
  const attributes: Attributes = {
    ...methodOf(method),
    [ATTR_URL_SCHEME]: /^https?$/.exec(head.forwardedProto ?? '')?.[0] ?? scheme,
    [ATTR_URL_PATH]: cut(record.path),
    [ATTR_SERVER_ADDRESS]: cut(record.host),
    [ATTR_SERVER_PORT]: port === undefined ? undefined : Number(port),
    [ATTR_CLIENT_ADDRESS]: maskAddress(record.clientIp, addressPrefix),
    [ATTR_NETWORK_PROTOCOL_VERSION]: record.httpVersion === '2.0' ? '2' : record.httpVersion,
    [ATTR_HTTP_ROUTE]: routeName,
    'gatehouse.request_id': record.id,
    'gatehouse.listener': record.listener,
    'gatehouse.upstream': record.upstreamName,
    'gatehouse.backend': record.backendId,
    'gatehouse.protocol': protocol,
    'gatehouse.attempts': record.attempts,
    'gatehouse.kept_for': why,
    'gatehouse.error': errorCode,
    'gatehouse.reason': cut(errorReason ?? record.tunnel?.reason),
    'gatehouse.timeout': error?.origin.timeout ?? record.tunnel?.timeout,
  };
  // 499 is what the log says of a client that has left: it was not sent.
  if (errorCode !== 'CLIENT_ABORTED' && status > 0) attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = status;
  if (trail !== undefined && trail.queued > 0) attributes['gatehouse.queue_ms'] = tenths(trail.queued);
  if (trace.lostAttempts > 0) attributes['gatehouse.attempts_left_out'] = trace.lostAttempts;
  // Half an answer is an error too, with any status.
  const isHalf = errorCode !== undefined && !isClientFault(errorCode) && trail?.fellBack !== true;
  const isError = status >= 500 || isHalf;
  if (isError) attributes[ATTR_ERROR_TYPE] = errorCode ?? String(status);
  return {
    name: routeName === undefined ? nameOf(method) : `${nameOf(method)} ${routeName}`,
    kind: SpanKind.SERVER,
    attributes,
    status: { code: isError ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
  };
}

function clientSpan(attempt: AttemptTrace, record: TracedExchange): Told {
  const { backend, error, resends, respondedAt, sentAt, startedAt, status } = attempt;
  const { socketPath, url } = backend;
  const attributes: Attributes = {
    ...methodOf(record.method),
    [ATTR_URL_FULL]: cut(`${socketPath === undefined ? url.origin : 'http://localhost'}${record.path}`),
    [ATTR_SERVER_ADDRESS]: socketPath ?? url.hostname.replace(/^\[|\]$/g, ''),
    [ATTR_NETWORK_PROTOCOL_VERSION]: '1.1',
    'gatehouse.upstream': record.upstreamName,
    'gatehouse.backend': backend.id,
  };
  if (socketPath === undefined)
    attributes[ATTR_SERVER_PORT] = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  if (resends > 0) attributes[ATTR_HTTP_REQUEST_RESEND_COUNT] = resends;
  if (attempt.isHedge) attributes['gatehouse.hedge'] = true;
  if (attempt.isStale) attributes['gatehouse.stale'] = true;
  if (attempt.isGivenUp) attributes['gatehouse.given_up'] = true;
  if (status > 0) attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = status;
  if (sentAt > 0) attributes['gatehouse.connect_ms'] = tenths(sentAt - startedAt);
  if (sentAt > 0 && respondedAt > 0) attributes['gatehouse.backend_ms'] = tenths(respondedAt - sentAt);
  const isError = error !== undefined || status >= 400;
  if (isError) attributes[ATTR_ERROR_TYPE] = error ?? String(status);
  return {
    name: nameOf(record.method),
    kind: SpanKind.CLIENT,
    attributes,
    status: { code: isError ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
  };
}

/** Without those that are not known. */
function present(attributes: Attributes): Attributes {
  const known: Attributes = {};
  for (const name of Object.keys(attributes)) if (attributes[name] !== undefined) known[name] = attributes[name];
  return known;
}

function hedgeOf({ backend, startedAt }: AttemptTrace): ExchangeTrace['events'][number] {
  return { name: 'hedge', at: startedAt, attributes: { backend: backend.id } };
}

function methodOf(method: string): Attributes {
  return knownMethods.has(method)
    ? { [ATTR_HTTP_REQUEST_METHOD]: method }
    : { [ATTR_HTTP_REQUEST_METHOD]: '_OTHER', [ATTR_HTTP_REQUEST_METHOD_ORIGINAL]: cut(method) };
}

function nameOf(method: string): string {
  return knownMethods.has(method) ? method : 'HTTP';
}

/** What is exported is sampled now, also where the beginning decided otherwise. */
function contextOf(traceId: string, spanId: string): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

function remote({ isSampled, spanId, traceId }: TraceContext): SpanContext {
  return { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}

function hrTime(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.floor((milliseconds - seconds * 1000) * 1e6)];
}

function cut<T>(value: T): T | string {
  return typeof value === 'string' && value.length > longest ? `${value.slice(0, longest).toWellFormed()}…` : value;
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
