/** Why a backend may not be used now. Whoever sets a veto lifts it; nobody else does. */
export type Veto = 'unhealthy' | 'circuit-open' | 'draining';

/** One server of an upstream. */
export interface Backend {
  /** Stable name: labels metrics, logs and the admin API, and is what hashes are made of. Default: host:port. */
  readonly id: string;
  /** `http:` or `https:` origin; for `unix:` backends `http://localhost` with `socketPath` set. */
  readonly url: URL;
  /** Path of the unix socket, for `unix:` backends. */
  readonly socketPath: string | undefined;
  /** Share of the traffic relative to its siblings, 1..1000. */
  readonly weight: number;
  /** Used only when no other backend is available. */
  readonly backup: boolean;
  /** Exchanges that are being carried by it now, tunnels and streams included. */
  readonly inFlight: number;
  /** Empty: the backend is available. */
  readonly vetoes: ReadonlySet<Veto>;
}

/** The backends that a strategy may choose from: never empty, already filtered. The array is replaced when it changes, never mutated. */
export type Candidates = readonly [Backend, ...Backend[]];

/** How an attempt on a backend ended. `ignored`: the client's or our own fault. */
export type Outcome = 'success' | 'failure' | 'ignored';
