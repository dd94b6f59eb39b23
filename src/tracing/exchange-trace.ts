import type { RawHeaders } from '../fields/raw-headers.js';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { newSpanId, writeTraceParent, type TraceContext } from './trace-context.js';

/** What is kept of one exchange: an event stream may go on at other backends for months. */
const [mostAttempts, mostEvents] = [32, 32];

/** Writes the trace context of a request for a backend into its fields. */
export interface TraceCarrier {
  inject(headers: RawHeaders): void;
}

/** The backend of an attempt, as a trace tells of it. */
interface TracedBackend {
  readonly id: string;
  readonly url: URL;
  /** Of a unix socket. */
  readonly socketPath: string | undefined;
}

/** Something that has happened to an exchange, at one time on the clock of `performance.now()`. */
export interface TraceEvent {
  readonly name: string;
  readonly at: number;
  readonly attributes: Readonly<Record<string, number | string>>;
}

/** An exchange, as traces read it. */
export interface TracedExchange extends ExchangeRecord {
  readonly scheme: 'http' | 'https';
  /** `forwardedProto`: what a trusted proxy says of the scheme. */
  readonly head: { readonly forwardedProto: string | undefined };
  /** `hostPort`: the port that was asked for; empty: none was named. */
  readonly location: { readonly hostPort: string };
  /** `port`: that of the listener; a unix socket has none. */
  readonly listenerInfo: { readonly port?: number | undefined };
}

/** Takes the traces of exchanges that are over. */
export interface TraceRecorder {
  closed(trace: ExchangeTrace, exchange: TracedExchange): void;
}

/** One try of an exchange on one backend: what its span tells. Times on the clock of `performance.now()`; 0: it has not come so far. */
export class AttemptTrace implements TraceCarrier {
  readonly spanId = newSpanId();
  sentAt = 0;
  respondedAt = 0;
  endedAt = 0;
  /** The status of its answer; 0: it has none. */
  status = 0;
  /** A code of the error table. */
  error: string | undefined;
  isStale = false;
  /** It was given up before its end: the client has left, or another attempt has answered first. */
  isGivenUp = false;

  constructor(
    private readonly trace: ExchangeTrace,
    readonly backend: TracedBackend,
    readonly startedAt: number,
    /** How many attempts there were before it. */
    readonly resends: number,
    /** Another attempt was under way when it began. */
    readonly isHedge: boolean,
  ) {}

  inject(headers: RawHeaders): void {
    this.trace.injectAs(this.spanId, this.trace.isSampled, headers);
  }

  /** Its head is on a connection. */
  sent(at: number): void {
    this.sentAt = at;
  }

  /** The head of its answer is there. */
  answered(at: number): void {
    this.respondedAt = at;
  }

  /** It has failed. `isStale`: it met a connection that its backend was just closing. */
  failed(error: string, isStale: boolean): void {
    this.error = error;
    this.isStale = isStale;
  }

  /** Once, at its end. `status`: of its answer, 0 where it has none. */
  ended(status: number, isIgnored: boolean): void {
    this.endedAt = performance.now();
    this.status = status;
    this.isGivenUp = isIgnored && this.error === undefined;
  }
}

/** The trace of one exchange while it is in flight: only what cannot be read of the exchange itself when it is over. */
export class ExchangeTrace {
  /** The last attempts, the oldest first. */
  readonly attempts: AttemptTrace[] = [];
  readonly events: TraceEvent[] = [];
  /** How many of each were left out. */
  lostAttempts = 0;
  lostEvents = 0;
  #spanId: string | undefined;

  constructor(
    private readonly recorder: TraceRecorder,
    readonly traceId: string,
    /** What backends are told: it is recorded, however the exchange ends. */
    readonly isSampled: boolean,
    /** The span of the client that it continues. */
    readonly parent: TraceContext | undefined,
    /** The span of a client that is not believed: it is pointed at, and not continued. */
    readonly origin: TraceContext | undefined,
  ) {}

  /** Of its own span: few exchanges are recorded, and need one. */
  get spanId(): string {
    return (this.#spanId ??= newSpanId());
  }

  /** An attempt begins. `isHedge`: beside one that is under way. */
  attempt(backend: TracedBackend, resends: number, isHedge: boolean): AttemptTrace {
    const attempt = new AttemptTrace(this, backend, performance.now(), resends, isHedge);
    if (this.attempts.length === mostAttempts) {
      this.attempts.shift();
      this.lostAttempts++;
    }
    this.attempts.push(attempt);
    return attempt;
  }

  /** Something happens to it. `name`: behind `gatehouse.`, as the names of `attributes`. */
  note(name: string, attributes: TraceEvent['attributes']): void {
    if (this.events.length < mostEvents) this.events.push({ name, at: performance.now(), attributes });
    else this.lostEvents++;
  }

  /** For requests that no span stands for: copies of a mirror. They are told that the trace is not recorded. */
  get ofCopies(): TraceCarrier {
    return { inject: headers => this.injectAs(this.spanId, false, headers) };
  }

  /** For a request that is only thought of. */
  get foreseen(): TraceCarrier {
    return { inject: headers => this.injectAs(newSpanId(), this.isSampled, headers) };
  }

  injectAs(spanId: string, isSampled: boolean, headers: RawHeaders): void {
    headers.push('Traceparent', writeTraceParent(this.traceId, spanId, isSampled));
    const state = this.parent?.state;
    if (state !== undefined) headers.push('Tracestate', state);
  }

  /** The exchange is over. */
  closed(exchange: TracedExchange): void {
    this.recorder.closed(this, exchange);
  }
}
