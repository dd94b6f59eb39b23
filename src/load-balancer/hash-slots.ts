import type { Backend, Candidates } from '../upstream/backend.js';
import { hashText, mix } from './hash.js';

const SLOTS = 65_536;
const UNKNOWN = -1;

/**
 * Gives every hash a backend, by weighted rendezvous over 65,536 slots: the backend that scores highest in a slot owns it, and a
 * score depends on nothing but the slot, the backend's id and its weight. So every process agrees, whatever the order of the
 * candidates; when a backend leaves, only its own slots move, and each weight's share of the slots is its share of the total.
 * Who owns a slot is worked out when it is first asked for, then remembered: O(candidates) once, O(1) from then on. A change of
 * the candidates asks for little: a slot that had an owner is measured only against those that came or gained weight.
 */
export class HashSlots {
  readonly #candidates: Candidates;
  /** Two hashes of each id: 32 bits alone would let two ids out of some ten thousand tie everywhere. */
  readonly #firsts: Uint32Array;
  readonly #seconds: Uint32Array;
  readonly #weights: Float64Array;
  readonly #equal: boolean;
  #asked = false;
  #owners: Int32Array | undefined;
  #inheritance: Inheritance | undefined;
  #previous: HashSlots | undefined;

  /** `previous`: of an earlier set of candidates; what it knows and what still holds is taken over. */
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
    // The candidates of a retry are asked once; a table would be waste.
    if (!this.#asked) {
      this.#asked = true;
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
      // One generation is kept, not the whole line of ancestors.
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

  /** Ties are settled the same way for every order of the candidates. */
  #beats(slot: number, one: number, other: number): boolean {
    const difference = this.#score(slot, one) - this.#score(slot, other);
    return difference === 0
      ? (this.#candidates[one] as Backend).id < (this.#candidates[other] as Backend).id
      : difference > 0;
  }

  #score(slot: number, index: number): number {
    const seed = Math.imul(slot + 1, 0x9e3779b1);
    const draw = mix(mix(seed ^ (this.#firsts[index] as number)) ^ (this.#seconds[index] as number));
    // The logarithm keeps the order of the draws, so among equal weights it can be spared.
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

/** What is known of the slots from an earlier set of candidates. */
interface Inheritance {
  readonly owners: Int32Array;
  /** The new index of each earlier candidate; UNKNOWN for one that left or lost weight, whose slots are open to all. */
  readonly kept: Int32Array;
  /** The indexes of those that came or gained weight. */
  readonly stronger: readonly number[];
}
