/** Numbers in [0, 1). */
export type Chance = () => number;

/** The same numbers for the same seed (mulberry32): a simulation that is run again gives the same result. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A time that is exponentially distributed: the gap of a Poisson process with this mean. */
export function exponential(chance: Chance, mean: number): number {
  return -Math.log(1 - chance()) * mean;
}

/** A whole number from 0 to `count` - 1. */
export function choose(chance: Chance, count: number): number {
  return Math.floor(chance() * count);
}
