/** A source of numbers in [0, 1), as `Math.random`. */
export type RandomSource = () => number;

/** Injection token of the RandomSource that the strategies draw from. Default: `Math.random`; tests give their own. */
export const RANDOM_SOURCE = Symbol('RandomSource');
