import type { CertificateReading } from '../../metrics/certificate-metrics.js';
import type { RecentFailure } from '../../metrics/recent/recent-failures.js';
import type { NamedRows } from '../../metrics/recent/recent-traffic.js';
import type { LastingState } from '../../proxy/lasting/long-lived.js';

/** What is asked of each thread. */
export interface ThreadQuestion {
  /** How many open event streams are listed at most; default: none, they are only counted. */
  readonly streams?: number;
  /** The same for tunnels. */
  readonly tunnels?: number;
  /** Whether the last failures are wanted. */
  readonly failures?: boolean;
}

/** The connections of one thread to a backend, and who waits for one. */
export interface BackendReport {
  readonly upstream: string;
  readonly backend: string;
  readonly active: number;
  readonly idle: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
}

/** A circuit that is not closed. */
export interface CircuitReport {
  readonly upstream: string;
  readonly backend: string;
  readonly state: 'open' | 'half-open';
  /** Milliseconds until it is half-open; Infinity: it is held open by hand. */
  readonly retryIn: number;
}

/** An open event stream or tunnel, with its route. */
export interface LastingReport extends LastingState {
  readonly kind: 'stream' | 'tunnel';
  readonly route: string;
}

/** What one thread knows of its traffic: plain data, which can be sent to another thread. */
export interface ThreadReport {
  /** Exchanges that are open now. */
  readonly inFlight: number;
  /** The traffic of the last minute, by seconds since 1970. */
  readonly seconds: NamedRows<number>;
  readonly routes: NamedRows;
  /** By code, status and policy: `DENIED 429 rate-limit`. */
  readonly errors: NamedRows;
  readonly attempts: NamedRows<readonly [upstream: string, backend: string]>;
  readonly backends: readonly BackendReport[];
  readonly circuits: readonly CircuitReport[];
  readonly listeners: readonly { readonly listener: string; readonly connections: number }[];
  readonly certificates: readonly CertificateReading[];
  readonly streams: number;
  readonly tunnels: number;
  /** As many of them as were asked for. */
  readonly lasting: readonly LastingReport[];
  readonly failures: readonly RecentFailure[];
  /** Share of the time since the report before in which the event loop was busy, 0..1. */
  readonly busy: number;
  /** The longest delay of the event loop in the last minute, in milliseconds. */
  readonly loopDelay: number;
  /** Bytes. */
  readonly heapUsed: number;
}

/** The reports of all threads. */
export interface ThreadReports {
  /** 0: the main thread; from 1: workers. */
  readonly reports: readonly { readonly thread: number; readonly report: ThreadReport }[];
  /** Threads that run and have not answered in time. */
  readonly missing: readonly number[];
}
