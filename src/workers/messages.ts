import type { ThreadQuestion, ThreadReport } from '../admin/live/thread-report.js';
import type { PlainConfig } from '../config/loading/plain-config.js';
import type { CircuitEvent } from '../circuit-breaker/circuit-events.js';
import type { BackendSetting } from '../upstream/control/backend-setting.js';
import type { TailBatch } from '../logging/tail/tail.js';
import type { TailFilter } from '../logging/tail/tail-filter.js';
import type { CircuitAct } from '../upstream/control/control-log.js';
import type { BackendDefinition } from '../upstream/live-backend.js';

/** What a worker is started with. */
export interface WorkerStart {
  /** From 1. */
  readonly index: number;
  /** All workers of the gateway. */
  readonly workers: number;
  readonly config: PlainConfig;
  /** The name of the gateway in `Via`. */
  readonly instance: string;
  /** Files with modules of the user. */
  readonly extensions: readonly string[];
  readonly memory: WorkerMemory;
  readonly state: KnownState;
}

/** The memory that all threads share. */
export interface WorkerMemory {
  /** What the backends carry. */
  readonly loads: SharedArrayBuffer;
  /** What is in flight, by the keys of limits. */
  readonly counts: SharedArrayBuffer;
  /** The cells of rate limits. */
  readonly limits: SharedArrayBuffer;
  /** A word for each thread, which counts while the thread lives. */
  readonly beats: SharedArrayBuffer;
}

/** Ports by the names of listeners that may have any. */
export type Ports = Readonly<Record<string, number>>;

/** The backends that discovery has found last for an upstream. */
export interface FoundBackends {
  readonly upstream: string;
  readonly backends: readonly BackendDefinition[];
}

/** What the probes of a backend say. */
export interface HealthVerdict {
  readonly upstream: string;
  readonly backend: string;
  /** Why it is not healthy; undefined: it is. */
  readonly reason: string | undefined;
}

/** What the main thread knows that a new worker has to know. */
export interface KnownState {
  readonly found: readonly FoundBackends[];
  readonly unhealthy: readonly HealthVerdict[];
  readonly circuits: readonly CircuitEvent[];
  /** What is set by hand. */
  readonly settings: readonly BackendSetting[];
  /** What the keys of TLS session tickets are made of. */
  readonly tickets: Uint8Array;
}

/** From the main thread to a worker. */
export type ToWorker =
  /** Open the listeners. */
  | { readonly kind: 'listen'; readonly ports: Ports }
  /** Prepare for another configuration; `commit` or `discard` follows. */
  | { readonly kind: 'prepare'; readonly round: number; readonly config: PlainConfig; readonly ports: Ports }
  | { readonly kind: 'commit' | 'discard'; readonly round: number }
  /** All that the main thread knows, once more. */
  | { readonly kind: 'know'; readonly state: KnownState }
  | { readonly kind: 'certificates' | 'reopen-logs' }
  | { readonly kind: 'tickets'; readonly secret: Uint8Array }
  | { readonly kind: 'found'; readonly found: FoundBackends }
  | { readonly kind: 'health'; readonly verdict: HealthVerdict }
  | { readonly kind: 'circuit'; readonly event: CircuitEvent }
  /** A circuit is closed or reset by hand. */
  | { readonly kind: 'circuit-act'; readonly act: CircuitAct }
  | { readonly kind: 'settings'; readonly settings: readonly BackendSetting[] }
  | { readonly kind: 'read-metrics'; readonly question: number }
  /** What goes on there? */
  | { readonly kind: 'report'; readonly question: number; readonly about: ThreadQuestion }
  /** Begin to watch exchanges; send the next lines; watch no more. */
  | { readonly kind: 'tail'; readonly id: number; readonly filter: TailFilter }
  | { readonly kind: 'tail-next' | 'untail'; readonly id: number }
  | { readonly kind: 'end'; readonly grace: number; readonly delay: number; readonly isFollowed: boolean };

/** From a worker to the main thread. */
export type ToMain =
  /** It can open its listeners. */
  | { readonly kind: 'loaded' }
  | { readonly kind: 'listening'; readonly listeners: readonly WorkerListener[] }
  /** It cannot start. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'prepared'; readonly round: number; readonly listeners: readonly WorkerListener[] }
  | { readonly kind: 'cannot'; readonly round: number; readonly message: string }
  | { readonly kind: 'circuit'; readonly event: CircuitEvent }
  | { readonly kind: 'metrics'; readonly question: number; readonly metrics: string }
  | { readonly kind: 'report'; readonly question: number; readonly report: ThreadReport }
  | { readonly kind: 'tail'; readonly id: number; readonly batch: TailBatch }
  /** The explanation of a request, as JSON. */
  | { readonly kind: 'explanation'; readonly explanation: string }
  | { readonly kind: 'told'; readonly fields: Readonly<Record<string, number>>; readonly what: string }
  | { readonly kind: 'ended'; readonly cut: number };

/** A listener that a worker has opened. */
export interface WorkerListener {
  readonly name: string;
  readonly url: string;
  readonly port: number | undefined;
}
