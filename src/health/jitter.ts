/** A source of numbers in [0, 1), as `Math.random`. */
export type Jitter = () => number;

/** Injection token of the {@link Jitter} that spreads the probes. Default: `Math.random`; tests give their own. */
export const JITTER = Symbol('Jitter');
