import type { Backend, Candidates } from '../upstream/backend.js';
import { hashText, mix } from './hash.js';

const SLOTS = 65_536;
const UNKNOWN = -1;

/**
 * Gives every hash a backend, by weighted rendezvous over 65,536 slots: the backend with the highest score in a slot owns it,
 * and a score depends only on the slot, the backend's id and its weight. So every process finds the same owner, in any order of
 * the candidates; when a backend leaves, only its own slots move, and a backend owns the same share of the slots as its weight
 * has of the total weight. The owner of a slot is computed when a request first needs it, then remembered: O(candidates) once,
 * O(1) from then on. After a change of the candidates, a slot that had an owner is compared only with backends that came or
 * gained weight.
 */
export class HashSlots {
  readonly #candidates: Candidates;
  /** Two hashes of each id: 32 bits alone would let two ids out of some ten thousand tie everywhere. */
  readonly #firsts: Uint32Array;
  readonly #seconds: Uint32Array;
  readonly #weights: Float64Array;
  readonly #equal: boolean;
  #isUsed = false;
  #owners: Int32Array | undefined;
  #inheritance: Inheritance | undefined;
  #previous: HashSlots | undefined;

  /** `previous`: the slots of an earlier set of candidates; the owners that are still right are taken over. */
  constructor(candidates: Candidates, previous?: HashSlots) {
    const count = candidates.length;
    this.#candidates = candidates;
    this.#firsts = new Uint32Array(count);
    this.#seconds = new Uint32Array(count);
    this.#weights = new Float64Array(count);
    let equal = true;
    for (let index = 0; index < count; index++) {
      const { id, weight } = candidates[index] as Backend;
      this.#firsts[index] = hashText(id);
      this.#seconds[index] = hashText(id, 0x9e3779b9);
      this.#weights[index] = weight;
      if (weight !== candidates[0].weight) equal = false;
    }
    this.#equal = equal;
    this.#previous = previous;
  }

  /** The backend that owns the slot of a 32-bit hash. */
  ownerOf(hash: number): Backend {
    const slot = hash >>> 16;
    // The candidates of a retry are used for one pick, so a table is made only for the second pick.
    if (!this.#isUsed) {
      this.#isUsed = true;
      return this.#candidates[this.#strongest(slot)] as Backend;
    }
    const owners = (this.#owners ??= this.#startTable());
    let owner = owners[slot] as number;
    if (owner === UNKNOWN) {
      owner = this.#heirOf(slot);
      owners[slot] = owner;
    }
    return this.#candidates[owner] as Backend;
  }

  #startTable(): Int32Array {
    const previous = this.#previous;
    this.#previous = undefined;
    const owners = previous === undefined ? undefined : previous.#owners;
    if (previous !== undefined && owners !== undefined) {
      this.#inheritance = { owners, ...this.#compare(previous) };
      // Only one earlier generation is kept in memory, not its ancestors.
      previous.#inheritance = undefined;
    }
    return new Int32Array(SLOTS).fill(UNKNOWN);
  }

  #heirOf(slot: number): number {
    const inheritance = this.#inheritance;
    if (inheritance === undefined) return this.#strongest(slot);
    const before = inheritance.owners[slot] as number;
    let owner = before === UNKNOWN ? UNKNOWN : (inheritance.kept[before] as number);
    if (owner === UNKNOWN) return this.#strongest(slot);
    for (const index of inheritance.stronger) if (this.#beats(slot, index, owner)) owner = index;
    return owner;
  }

  #strongest(slot: number): number {
    let strongest = 0;
    let highest = this.#score(slot, 0);
    for (let index = 1; index < this.#candidates.length; index++) {
      const score = this.#score(slot, index);
      if (score < highest || (score === highest && !this.#beats(slot, index, strongest))) continue;
      strongest = index;
      highest = score;
    }
    return strongest;
  }

  /** Decides ties in the same way for every order of the candidates. */
  #beats(slot: number, one: number, other: number): boolean {
    const difference = this.#score(slot, one) - this.#score(slot, other);
    return difference === 0
      ? (this.#candidates[one] as Backend).id < (this.#candidates[other] as Backend).id
      : difference > 0;
  }

  #score(slot: number, index: number): number {
    const seed = Math.imul(slot + 1, 0x9e3779b1);
    const draw = mix(mix(seed ^ (this.#firsts[index] as number)) ^ (this.#seconds[index] as number));
    // The logarithm keeps the order of the draws, so equal weights need none.
    return this.#equal ? draw : (this.#weights[index] as number) / -Math.log((draw + 0.5) / 2 ** 32);
  }

  #compare(previous: HashSlots): Pick<Inheritance, 'kept' | 'stronger'> {
    const before = new Map(previous.#candidates.map((backend, index) => [backend.id, index]));
    const kept = new Int32Array(previous.#candidates.length).fill(UNKNOWN);
    const stronger: number[] = [];
    this.#candidates.forEach((backend, index) => {
      const earlier = before.get(backend.id);
      const gain = earlier === undefined ? Infinity : backend.weight - (previous.#weights[earlier] as number);
      if (gain > 0) stronger.push(index);
      if (gain >= 0 && earlier !== undefined) kept[earlier] = index;
    });
    return { kept, stronger };
  }
}

/** The owners of slots under an earlier set of candidates. */
interface Inheritance {
  readonly owners: Int32Array;
  /** The new index of each earlier candidate; UNKNOWN for a backend that left or lost weight: all candidates compete for its slots. */
  readonly kept: Int32Array;
  /** The indexes of the backends that came or gained weight. */
  readonly stronger: readonly number[];
}
