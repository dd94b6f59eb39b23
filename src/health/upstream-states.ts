import type { Backend, Veto } from '../upstream/backend.js';

/** The state of a backend from which health is decided. */
export interface BackendState extends Backend {
  /** Why each veto was set, for those that gave a reason. Default: none did. */
  readonly reasons?: ReadonlyMap<Veto, string>;
}

/** The state of an upstream from which health is decided. */
export interface UpstreamState {
  readonly name: string;
  readonly backends: readonly BackendState[];
  readonly available: readonly Backend[];
  /** Why discovery cannot say which backends there are now. Default: it can, or there is none. */
  readonly discoveryFailure?: string | undefined;
}

/** Gives the upstreams as they are now; called for each health request. */
export type UpstreamStates = () => Iterable<UpstreamState>;

/** Token of the {@link UpstreamStates}. */
export const UPSTREAM_STATES = Symbol('UPSTREAM_STATES');
