/** Why a backend may not be used now. Only the part of the gateway that sets a veto lifts it. */
export type Veto = 'unhealthy' | 'circuit-open' | 'draining' | 'removed';

/** One server of an upstream. */
export interface Backend {
  /** Stable name: the label in metrics, logs and the admin API, and the input of hashes. Default: host:port. */
  readonly id: string;
  /** `http:` or `https:` origin; for `unix:` backends `http://localhost` with `socketPath` set. */
  readonly url: URL;
  /** Path of the unix socket, for `unix:` backends. */
  readonly socketPath: string | undefined;
  /** Share of the traffic relative to its siblings, 1..1000; 0 where it was set by hand, and then strategies do not see the backend. */
  readonly weight: number;
  /** Used only when no other backend is available. */
  readonly backup: boolean;
  /** Exchanges that it is serving now, tunnels and streams included. */
  readonly inFlight: number;
  /** Empty: the backend is available. */
  readonly vetoes: ReadonlySet<Veto>;
}

/** The backends from which a strategy may choose: never empty, already filtered. A change makes a new array; an array is never mutated. */
export type Candidates = readonly [Backend, ...Backend[]];

/** How an attempt on a backend ended. `ignored`: the client's or our own fault. */
export type Outcome = 'success' | 'failure' | 'ignored';
