import type { Thread } from '../shared-memory/thread.js';
import type { ExchangeTrace, TracedExchange } from './exchange-trace.js';

/** Why the spans of an exchange are exported: what its client, or the share, has decided at the beginning; or how it has ended. */
export type KeptFor = 'parent' | 'share' | 'failed' | 'slow';

/** Exports the spans of exchanges. */
export interface TracePipeline {
  /** Queues the spans of an exchange that is over; drops and counts them where the queue is full. */
  take(trace: ExchangeTrace, exchange: TracedExchange, why: KeptFor): void;
  /** Exports what is queued now. */
  flush(): Promise<void>;
  /** The end: exports what is queued, within so many milliseconds. */
  close(within: number): Promise<void>;
}

/** What becomes of spans, counted. */
export interface SpanCounts {
  count(result: 'exported' | 'dropped' | 'failed', spans: number): void;
}

/** Where it is told that a collector cannot be reached. */
export interface TracingLog {
  info(text: string): void;
  warn(fields: object, text: string): void;
}

/** What the pipelines of one thread have in common. */
export interface TracingParts {
  readonly counts: SpanCounts;
  readonly log: TracingLog;
  /** The version of the gateway. */
  readonly version: string;
  /** Undefined: there is one thread. */
  readonly thread: Pick<Thread, 'index' | 'role'> | undefined;
}
