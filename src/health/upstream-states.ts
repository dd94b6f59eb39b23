import type { Backend } from '../upstream/backend.js';

/** What health looks at in an upstream. */
export interface UpstreamState {
  readonly name: string;
  readonly backends: readonly Backend[];
  readonly available: readonly Backend[];
}

/** Gives the upstreams as they are now; called for each health request. */
export type UpstreamStates = () => Iterable<UpstreamState>;

/** Token of the {@link UpstreamStates}. */
export const UPSTREAM_STATES = Symbol('UPSTREAM_STATES');
