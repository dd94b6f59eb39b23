import type { BackendControl } from '../upstream/control/backend-control.js';
import type { BackendState, UpstreamState } from '../health/upstream-states.js';
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
}

/** Writes the metrics as text: a prom-client registry, or an object that merges the registries of several threads. */
interface MetricsExposition {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** What became of a configuration that was read again. */
export interface Reloaded {
  /** In words, a line each. */
  readonly changes: readonly string[];
  /** Of these, what takes effect only with the next start. */
  readonly pending: readonly string[];
  /** Settings that work, but probably not as intended. */
  readonly warnings: readonly string[];
  /** Why it was refused, a line each; empty: it is in force. */
  readonly problems: readonly string[];
}

/** What the admin listener shows. The functions are called for each request and return the current state. */
export interface AdminSources {
  readonly readiness: Readiness;
  readonly upstreams: () => Iterable<AdminUpstream>;
  /** Drains backends and gives them other weights. */
  readonly control: BackendControl;
  /** The route table in order of precedence, one JSON object for each route. No secrets. */
  readonly routes: () => readonly object[];
  readonly metrics: MetricsExposition;
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
