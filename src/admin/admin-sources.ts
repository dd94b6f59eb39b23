import type { Logger } from 'pino';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import type { LastProbe } from '../health/health-monitor.js';
import type { TailSource } from '../logging/tail/tail.js';
import type { ExpositionFormat } from '../metrics/exposition.js';
import type { ReloadResult } from '../metrics/config-metrics.js';
import type { Backend } from '../upstream/backend.js';
import type { ReloadedView, RouteView } from './api/views.js';
import type { ThreadQuestion, ThreadReports } from './live/thread-report.js';
import type { BackendControl } from '../upstream/control/backend-control.js';
import type { BackendState, UpstreamState } from '../health/upstream-states.js';
import type { ExplainSource } from './explain-source.js';
import type { Readiness } from '../health/readiness.js';

/** A backend as the admin API shows it. */
export interface AdminBackend extends BackendState {
  /** The weight of the configuration. */
  readonly configuredWeight?: number;
}

/** An upstream as the admin API shows it. */
export interface AdminUpstream extends UpstreamState {
  readonly backends: readonly AdminBackend[];
  /** Name of its load-balancing strategy. */
  readonly strategy: string;
  readonly panicking?: boolean;
}

/** Writes the metrics of all threads as text. */
interface MetricsExposition {
  metrics(format: ExpositionFormat): Promise<string>;
}

/** What became of a configuration that was read again. `problems`: why it was refused, a line each; empty: it is in force. */
export type Reloaded = ReloadedView;

/** Which configuration is in force, and what became of the one that was asked for last. */
export interface ConfigVersion {
  /** A number of 48 bits that differs when the configuration does: that of `gatehouse_config_hash`. */
  readonly hash: number;
  /** When it took effect, in milliseconds since 1970. */
  readonly since: number;
  /** What a start with it would change, a line each. */
  readonly pending: readonly string[];
  /** The last time that a configuration was asked for while the gateway ran; undefined: never. */
  readonly lastReload: { readonly time: number; readonly result: ReloadResult } | undefined;
}

/** What the admin listener shows. The functions are called for each request and return the current state. */
export interface AdminSources {
  /** The token that clients must send for every path but `/health*` and the files of the dashboard; undefined or empty: none. */
  readonly token?: string | undefined;
  readonly readiness: Readiness;
  /** Of the program. */
  readonly version: string;
  /** Folder of the dashboard, as a build makes it. */
  readonly dashboard: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly upstreams: () => Iterable<AdminUpstream>;
  /** The last active health check of one of their backends; undefined: none has ended. */
  readonly lastProbe: (backend: Backend) => LastProbe | undefined;
  /** Drains backends and gives them other weights. */
  readonly control: BackendControl;
  /** The route table in order of precedence, one JSON object for each route. No secrets. */
  readonly routes: () => readonly RouteView[];
  readonly metrics: MetricsExposition;
  /** The configuration in force. */
  readonly config: () => GatewayConfig;
  readonly configVersion: () => ConfigVersion;
  /** The listeners for clients that are open. */
  readonly listeners: () => readonly { readonly name: string; readonly url: string }[];
  /** The worker threads that are to carry traffic, and whether they do; empty: the main thread carries it. */
  readonly workers: () => readonly { readonly thread: number; readonly isRunning: boolean }[];
  /** Asks all threads what goes on. Resolves within a second, with those that have answered by then. */
  readonly reports: (question?: ThreadQuestion) => Promise<ThreadReports>;
  /** The exchanges that end in all threads, for watchers. */
  readonly tails: TailSource;
  readonly explain: ExplainSource;
  /** Why the configuration that was asked for last is not in force; undefined: it is. */
  readonly configRefusal: () => string | undefined;
  /** A successor listens on the same ports: this process ends, behind the answer. False: it cannot. */
  readonly handOver: () => boolean;
  /** Reads the configuration again. Undefined: it came from no file. Never rejects. */
  readonly reload: () => Promise<Reloaded | undefined>;
}

/** Token of the {@link AdminSources}. */
export const ADMIN_SOURCES = Symbol('ADMIN_SOURCES');

/** Token of the admin token, a text; empty or undefined: none is asked for. */
export const ADMIN_TOKEN = Symbol('ADMIN_TOKEN');
