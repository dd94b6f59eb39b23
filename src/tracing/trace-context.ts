import { randomFillSync } from 'node:crypto';

/** What a message says of the trace that it belongs to (W3C Trace Context, level 1). */
export interface TraceContext {
  /** 32 hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** The id of the span that sent it: 16 hexadecimal digits, not all 0. */
  readonly spanId: string;
  /** Its sender records the trace. */
  readonly isSampled: boolean;
  /** The value of `tracestate`; undefined: there is none, or it is not valid. */
  readonly state: string | undefined;
}

const parent = /^([\da-f]{2})-((?!0{32})[\da-f]{32})-((?!0{16})[\da-f]{16})-([\da-f]{2})(-.*)?$/;

/**
 * Reads `traceparent` and `tracestate`. Undefined: there is no `traceparent`, it is not valid, or there are several (§3.2). Of one of a later version, the
 * part that version 00 has is read. A `tracestate` that is not valid is left out (§3.3).
 */
export function readTraceContext(traceparent: string | undefined, tracestate?: string): TraceContext | undefined {
  if (traceparent === undefined) return undefined;
  const [, version, traceId, spanId, flags, more] = parent.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  return { traceId, spanId, isSampled: (parseInt(flags, 16) & 1) === 1, state: readState(tracestate) };
}

/** The value of a `traceparent`. */
export function writeTraceParent(traceId: string, spanId: string, isSampled: boolean): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** A key of `tracestate`, perhaps of one of several tenants, and its value (§3.3.1.3). */
const member =
  /^(?:[a-z][\w\-*/]{0,255}|[a-z\d][\w\-*/]{0,240}@[a-z][\w\-*/]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
/** What is passed on at most: as many members as a list may have, and as many characters as everybody must take (§3.3.1.5). */
const [mostMembers, mostCharacters] = [32, 512];

function readState(tracestate: string | undefined): string | undefined {
  if (tracestate === undefined || tracestate.length > mostCharacters) return undefined;
  const members = tracestate
    .split(',')
    .map(each => each.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter(each => each !== '');
  if (members.length === 0 || members.length > mostMembers || members.some(each => !member.test(each)))
    return undefined;
  const keys = new Set(members.map(each => each.slice(0, each.indexOf('='))));
  return keys.size === members.length ? members.join(',') : undefined;
}

const pool = Buffer.allocUnsafeSlow(4096);
/** The random bytes in hexadecimal: a part of a text costs less than a conversion for each id. */
let random = '';
let used = 0;

/** A random id that is not 0, of as many hexadecimal digits. */
function newId(digits: number): string {
  if (used + digits > random.length) {
    random = randomFillSync(pool).toString('hex');
    used = 0;
  }
  const id = random.slice(used, used + digits);
  used += digits;
  return /[1-9a-f]/.test(id) ? id : newId(digits);
}

/** The id of a new trace. */
export function newTraceId(): string {
  return newId(32);
}

/** The id of a new span. */
export function newSpanId(): string {
  return newId(16);
}

/** Digits of an id that are random, for all who make ids: 56 bits. */
const digits = 14;

/**
 * Whether a trace is among a share (0..1) of all traces, by its id alone: the random end of it is compared with the share, as in OpenTelemetry's consistent
 * sampling, so that others who do the same keep the same traces.
 */
export function isAmong(traceId: string, share: number): boolean {
  return share > 0 && parseInt(traceId.slice(-digits), 16) >= (1 - share) * 16 ** digits;
}
