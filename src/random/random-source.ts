/** A source of numbers in [0, 1), as `Math.random`. */
export type RandomSource = () => number;

/** Injection token of the RandomSource that everything draws from: strategies, retries, mirrors, probes, resumed streams, the sample of the access log. Default: `Math.random`; tests give their own. */
export const RANDOM_SOURCE = Symbol('RandomSource');
