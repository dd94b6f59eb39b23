import type { Backend, Veto } from '../upstream/backend.js';

/** What health looks at in a backend. */
export interface BackendState extends Backend {
  /** Why each veto was set, for those that gave a reason. Default: none did. */
  readonly reasons?: ReadonlyMap<Veto, string>;
}

/** What health looks at in an upstream. */
export interface UpstreamState {
  readonly name: string;
  readonly backends: readonly BackendState[];
  readonly available: readonly Backend[];
}

/** Gives the upstreams as they are now; called for each health request. */
export type UpstreamStates = () => Iterable<UpstreamState>;

/** Token of the {@link UpstreamStates}. */
export const UPSTREAM_STATES = Symbol('UPSTREAM_STATES');
