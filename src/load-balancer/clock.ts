/** A monotonic clock in milliseconds, as `performance.now`. */
export type Clock = () => number;

/** Injection token of the Clock that the strategies read. Default: `performance.now`; tests give their own. */
export const CLOCK = Symbol('Clock');
