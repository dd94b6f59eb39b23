import { isClientFault } from '../http/exchange-failure.js';
import type { ExchangeRecord } from '../http/exchange-record.js';

/** Pino's numbers of the levels that access lines have. */
export const [info, warn, error] = [30, 40, 50] as const;
export type Level = typeof info | typeof warn | typeof error;

/** How far an exchange had come when it ended early, in their order; `tunnel` is what an upgrade has become. */
export type Phase = 'head' | 'policies' | 'body' | 'queue' | 'connect' | 'backend' | 'response' | 'tunnel';

/** The one who ended it early. */
export type Closer = 'client' | 'backend' | 'gateway';

const bodyFaults: ReadonlySet<string> = new Set(['BODY_TOO_LARGE', 'CLIENT_BODY', 'CLIENT_TIMEOUT']);
const endedByBackends: ReadonlySet<string> = new Set(['BODY_BROKEN', 'CONNECT_FAILED', 'RESET']);

/**
 * The level of an access line. `error`: the client got a 5xx or half an answer by the fault of the gateway or a backend. `warn`: something of that kind
 * happened, but another try or a fallback has answered; or a client was refused with a 5xx by its own fault. `info`: all else.
 */
export function levelOf({ errorCode, status, trail }: ExchangeRecord): Level {
  if (errorCode === undefined) {
    if (status >= 500) return error;
    return trail?.isSaved === true ? warn : info;
  }
  if (isClientFault(errorCode)) return status >= 500 ? warn : info;
  return trail?.fellBack === true && status < 500 ? warn : error;
}

/** Who ended an exchange early; undefined for one that came to its end. */
export function closerOf({ error: failure, errorCode, tunnel }: ExchangeRecord): Closer | undefined {
  if (tunnel !== undefined) return tunnel.closedBy;
  if (errorCode === undefined) return undefined;
  if (failure?.origin.timeout !== undefined) return 'gateway';
  if (errorCode === 'CLIENT_ABORTED') return 'client';
  return endedByBackends.has(errorCode) ? 'backend' : 'gateway';
}

/** How far an exchange had come that has ended with an error. */
export function phaseOf(record: ExchangeRecord): Phase {
  const { attempts, errorCode = '', routeName, times, trail, tunnel } = record;
  if (tunnel !== undefined || record.tunnelled === true) return 'tunnel';
  if (routeName === undefined) return 'head';
  if (times.dispatchedAt === 0) return 'policies';
  if (bodyFaults.has(errorCode)) return 'body';
  if (times.respondedAt > 0) return 'response';
  if (trail?.isQueued === true) return 'queue';
  if (attempts === 0) return record.bytesIn > 0 ? 'body' : 'policies';
  return times.sentAt > 0 ? 'backend' : 'connect';
}
