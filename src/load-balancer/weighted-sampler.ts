import type { Candidates } from '../upstream/backend.js';
import type { RandomSource } from '../random/random-source.js';

/**
 * Draws candidates at random in proportion to their weights, in O(1): Vose's alias method. Every place of the table belongs to
 * one candidate up to a threshold and to an alias beyond it. Weights must be positive.
 */
export class WeightedSampler {
  readonly #size: number;
  readonly #thresholds: Float64Array | undefined;
  readonly #aliases: Uint32Array;

  constructor(
    candidates: Candidates,
    private readonly random: RandomSource,
  ) {
    this.#size = candidates.length;
    const equal = candidates.every(each => each.weight === candidates[0].weight);
    this.#aliases = new Uint32Array(equal ? 0 : this.#size);
    this.#thresholds = equal ? undefined : this.#share(candidates);
  }

  /** The index of a candidate. */
  draw(): number {
    const point = this.random() * this.#size;
    const place = Math.floor(point);
    if (this.#thresholds === undefined) return place;
    return point - place < (this.#thresholds[place] as number) ? place : (this.#aliases[place] as number);
  }

  /**
   * The index of another candidate than `taken`. With unequal weights it is the neighbour of `taken` when three draws in a row
   * have given `taken`. Needs at least two candidates.
   */
  drawOther(taken: number): number {
    if (this.#size === 2) return 1 - taken;
    if (this.#thresholds === undefined) {
      const index = Math.floor(this.random() * (this.#size - 1));
      return index < taken ? index : index + 1;
    }
    for (let tries = 0; tries < 3; tries++) {
      const index = this.draw();
      if (index !== taken) return index;
    }
    return (taken + 1) % this.#size;
  }

  #share(candidates: Candidates): Float64Array {
    const total = candidates.reduce((sum, each) => sum + each.weight, 0);
    const shares = Float64Array.from(candidates, each => (each.weight / total) * this.#size);
    const small: number[] = [];
    const large: number[] = [];
    shares.forEach((share, index) => (share < 1 ? small : large).push(index));
    while (small.length > 0 && large.length > 0) {
      const less = small.pop() as number;
      const more = large.pop() as number;
      this.#aliases[less] = more;
      shares[more] = (shares[more] as number) - (1 - (shares[less] as number));
      ((shares[more] as number) < 1 ? small : large).push(more);
    }
    // The remaining shares are 1, apart from rounding.
    for (const index of small.concat(large)) shares[index] = 1;
    return shares;
  }
}
