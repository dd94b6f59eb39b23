import { errorTable, type ErrorCode, type Source } from '../../http/gateway-error.js';
import type { ExchangeRecord } from '../../http/exchange-record.js';

/** An exchange that was refused or has failed. It holds no field values and no query. */
export interface RecentFailure {
  /** When it ended, in milliseconds since 1970. */
  readonly time: number;
  /** Whose fault it was. `backend` also where a backend's own answer is an error, `gateway` also where that of a route is one. */
  readonly fault: Source;
  readonly requestId: string;
  readonly client: string;
  readonly method: string;
  readonly host: string;
  /** Without the query. */
  readonly path: string;
  readonly listener: string;
  /** What the client got; 499 when it went away first. */
  readonly status: number;
  readonly route: string | undefined;
  readonly upstream: string | undefined;
  readonly backend: string | undefined;
  readonly attempts: number;
  /** The code of the gateway's error; undefined where the backend answered with an error. */
  readonly error: string | undefined;
  /** Which policy, limit or place it was, or what the network or the backend said. */
  readonly reason: string | undefined;
  /** The policy that refused it. */
  readonly policy: string | undefined;
  /** Milliseconds from the request's head to its end. */
  readonly duration: number;
}

/** How many are kept of each kind. */
const most = 100;
/** A path may be as long as a head; this much of it is kept. */
const longest = 512;

/**
 * The last exchanges that have failed, and those that were refused: a hundred of each, so that a flood of refusals does not push out what has really
 * failed. What ends well never comes here.
 */
export class RecentFailures {
  readonly #failed: RecentFailure[] = [];
  readonly #refused: RecentFailure[] = [];
  #nextFailed = 0;
  #nextRefused = 0;

  /** `failed`: on the side of the gateway or the backend; else it was the client's fault. */
  add(record: ExchangeRecord, failed: boolean): void {
    const failure = failureOf(record, failed);
    if (failed) this.#nextFailed = put(this.#failed, this.#nextFailed, failure);
    else this.#nextRefused = put(this.#refused, this.#nextRefused, failure);
  }

  /** All of them, in no order. */
  get all(): readonly RecentFailure[] {
    return [...this.#failed, ...this.#refused];
  }
}

function put(ring: RecentFailure[], next: number, failure: RecentFailure): number {
  ring[next] = failure;
  return (next + 1) % most;
}

function failureOf(record: ExchangeRecord, failed: boolean): RecentFailure {
  const { backendId, errorCode, path, times } = record;
  const known = errorCode !== undefined && Object.hasOwn(errorTable, errorCode);
  const isOfBackend = errorCode === undefined && backendId !== undefined;
  const source = known ? errorTable[errorCode as ErrorCode].source : isOfBackend ? 'backend' : 'gateway';
  return {
    time: Date.now(),
    fault: failed ? source : 'client',
    requestId: record.id,
    client: record.clientIp,
    method: record.method,
    host: record.host,
    path: path.length > longest ? `${path.slice(0, longest)}…` : path,
    listener: record.listener,
    status: record.status,
    route: record.routeName,
    upstream: record.upstreamName,
    backend: backendId,
    attempts: record.attempts,
    error: errorCode,
    reason: record.errorReason ?? (isOfBackend ? `the backend answered ${record.status}` : undefined),
    policy: record.error?.origin.policy,
    duration: times.closedAt - times.openedAt,
  };
}
