import type { RetriesConfig, RetryCondition } from '../../config/file/retries.config.js';
import { errorTable, type GatewayError } from '../../http/gateway-error.js';
import type { RandomSource } from '../../random/random-source.js';
import { failureNames } from '../target/backend-verdict.js';
import type { ClientBody } from '../client/client-body.js';
import type { ExchangeView } from './exchange-view.js';
import type { Target } from '../target/target.js';

/** RFC 9110 §9.2.2 and, for QUERY, RFC 10008: sent twice they have the effect of once. */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE', 'QUERY']);

/** A connection that the backend was closing is met again at most so many times by one exchange. */
const maxStale = 3;

/** Why an attempt is followed by another: labels of a metric. `stale`: it met a connection that the backend was just closing. */
export type RetryReason = 'connect-failure' | 'reset' | 'timeout' | 'status' | 'stale';

/** What of an exchange says whether it may be sent again. */
type RepeatedRequest = Pick<ExchangeView, 'body' | 'method'>;

/** The same, with the attempts that have been made for it. */
export interface TriedRequest extends RepeatedRequest {
  /** Attempts that were made because one before had failed. */
  readonly retries: number;
  /** Attempts that were made because one before had met a connection that was being closed. */
  readonly staleAttempts: number;
}

/** Which attempts may be followed by another, for one route and upstream: `retries`. Asked only when one has failed. */
export class RetryPolicy {
  readonly #conditions: ReadonlySet<RetryCondition>;
  readonly #methods: ReadonlySet<string> | undefined;

  constructor(
    readonly settings: Readonly<RetriesConfig>,
    private readonly random: RandomSource,
  ) {
    this.#conditions = new Set(settings.on);
    const { methods } = settings;
    if (methods !== 'all') this.#methods = methods === 'idempotent' ? idempotent : new Set(methods);
  }

  /** Share of an attempt that each request adds to the budget. */
  get share(): number {
    return this.settings.attempts === 0 && this.settings.hedgeAfter === 0 ? 0 : this.settings.budget;
  }

  /** Each attempt has `timeouts.response` for itself: timeouts are tried again, and nothing else says how long an attempt may take. */
  get renewsPatience(): boolean {
    return this.settings.tryTimeout === 0 && this.#conditions.has('timeout');
  }

  /** Milliseconds for the response head of one attempt; 0 = what is left of `timeouts.response`. */
  get tryTimeout(): number {
    return this.settings.tryTimeout;
  }

  /** Bytes of a body that are kept. */
  get hold(): number {
    return this.settings.attempts === 0 ? 0 : this.settings.bufferRequest;
  }

  /** All of the body is to be in memory before it takes a place at a backend: it is as large as what may be kept. */
  buffers({ length }: ClientBody): boolean {
    return length !== undefined && Number(length) <= this.settings.bufferRequest;
  }

  /** The same, or it may have come with its head. */
  gathers(body: ClientBody): boolean {
    return body.isSmall || this.buffers(body);
  }

  /** Milliseconds for the response head of one attempt, of those that are `left` (0 and Infinity: no limit); 0 = no limit. */
  limit(left: number): number {
    const { tryTimeout } = this.settings;
    const within = left === 0 || left === Infinity ? 0 : Math.max(1, left);
    return tryTimeout > 0 && (within === 0 || tryTimeout < within) ? tryTimeout : within;
  }

  /**
   * Milliseconds after which a second attempt is started beside the first; undefined: there is to be none. Only requests
   * without a body whose method is idempotent (RFC 9110 §9.2.2) are sent twice at once.
   */
  hedgeAfter(
    exchange: Pick<ExchangeView, 'body' | 'method' | 'tie' | 'upgrade'>,
    target: Pick<Target, 'latencies'>,
  ): number | undefined {
    const { hedgeAfter } = this.settings;
    if (hedgeAfter === 0 || exchange.body !== undefined || exchange.upgrade !== undefined) return undefined;
    // The client is known to one connection, and that to one backend.
    if (exchange.tie !== undefined) return undefined;
    if (!idempotent.has(exchange.method)) return undefined;
    return hedgeAfter === 'p95' ? target.latencies?.p95 : hedgeAfter;
  }

  /** It needs the target's latency window. */
  get needsLatencies(): boolean {
    return this.settings.hedgeAfter === 'p95';
  }

  /** The method may be sent twice. */
  repeats(method: string): boolean {
    return this.#methods === undefined || this.#methods.has(method);
  }

  /**
   * Why an attempt that ended with an error may be followed by another; undefined: it may not. `stale`: it met a reused
   * connection that was closed before it answered, which says nothing about the backend.
   */
  afterError(exchange: TriedRequest, error: GatewayError, stale: boolean): RetryReason | undefined {
    if (exchange.body !== undefined && !exchange.body.replayable) return undefined;
    const { retry } = errorTable[error.code];
    const repeatable = this.repeats(exchange.method);
    if (stale && exchange.staleAttempts < maxStale && (exchange.body === undefined || repeatable)) return 'stale';
    const name = failureNames[error.code];
    if (name === undefined || retry === 'never' || !this.#conditions.has(name)) return undefined;
    if (exchange.retries >= this.settings.attempts) return undefined;
    return retry === 'always' || repeatable ? name : undefined;
  }

  /** Another upstream may be given the request after an attempt has ended so: the first cannot have acted on it, or may do so twice. */
  mayMove({ body, method }: RepeatedRequest, { code, source }: GatewayError): boolean {
    if (body !== undefined && !body.replayable) return false;
    return source !== 'backend' || errorTable[code].retry === 'always' || this.repeats(method);
  }

  /** An answer with this status is none if there can be another. */
  isFailure(status: number): boolean {
    return this.#conditions.has(status) || (status >= 500 && this.#conditions.has('5xx'));
  }

  /** The same for an attempt that was answered. */
  afterStatus(exchange: TriedRequest, status: number): RetryReason | undefined {
    if (!this.isFailure(status)) return undefined;
    if (exchange.retries >= this.settings.attempts || !this.repeats(exchange.method)) return undefined;
    return exchange.body === undefined || exchange.body.replayable ? 'status' : undefined;
  }

  /** Milliseconds to wait before the next attempt: full jitter over a base that doubles with each (AWS Architecture Blog, 2015). */
  backoff({ retries }: Pick<TriedRequest, 'retries'>): number {
    return this.random() * this.settings.backoff * 2 ** retries;
  }
}
