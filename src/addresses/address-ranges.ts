import { AddressReader } from './address-words.js';
import type { Network } from './network.js';

const whole = { 4: (1n << 32n) - 1n, 6: (1n << 128n) - 1n } as const;

/**
 * The addresses that are let in, compiled for look-ups: for each family the sorted addresses at which the answer changes,
 * beginning with the first that is let in. A look-up is a binary search: about 14 steps at 10,000 ranges. Immutable.
 */
export class AddressRanges {
  readonly #reader = new AddressReader();
  /** Changes of IPv4, one word each. */
  readonly #changes4: Uint32Array;
  /** Changes of IPv6, four words each. */
  readonly #changes6: Uint32Array;

  /** `deny` wins; `allow`, when there is any, closes everything else. */
  constructor(allow: readonly Network[], deny: readonly Network[]) {
    this.#changes4 = words(changes(4, allow, deny), 1);
    this.#changes6 = words(changes(6, allow, deny), 4);
  }

  /** Whether an address is let in, in the spelling that `canonicalAddress` gives; undefined when the text is no address. */
  admits(address: string): boolean | undefined {
    const family = this.#reader.read(address);
    if (family === 0) return undefined;
    // After an odd number of changes the address is let in.
    const before = family === 4 ? this.#changesUpTo4() : this.#changesUpTo6();
    return (before & 1) === 1;
  }

  #changesUpTo4(): number {
    const changes4 = this.#changes4;
    const value = this.#reader.words[0]!;
    let low = 0;
    let high = changes4.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (changes4[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #changesUpTo6(): number {
    let low = 0;
    let high = this.#changes6.length >>> 2;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isUpTo6(middle * 4)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether the change stored at this index is at or before the address. */
  #isUpTo6(at: number): boolean {
    const { words } = this.#reader;
    for (let word = 0; word < 4; word++) {
      const change = this.#changes6[at + word]!;
      if (change !== words[word]!) return change < words[word]!;
    }
    return true;
  }
}

interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

/** The addresses of a family at which the answer changes, ascending. */
function changes(family: 4 | 6, allow: readonly Network[], deny: readonly Network[]): bigint[] {
  const everything: Range = { first: 0n, last: whole[family] };
  const open = allow.length === 0 ? [everything] : merged(allow.filter(range => range.family === family));
  const closed = merged(deny.filter(range => range.family === family));
  return without(open, closed)
    .flatMap(({ first, last }) => [first, last + 1n])
    .filter(change => change <= whole[family]);
}

/** The same addresses as ranges that are sorted and do not touch. */
function merged(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const range of [...ranges].sort((one, other) => (one.first < other.first ? -1 : 1))) {
    const before = result.at(-1);
    if (before === undefined || range.first > before.last + 1n) result.push(range);
    else if (range.last > before.last) result[result.length - 1] = { first: before.first, last: range.last };
  }
  return result;
}

/** The addresses in `ranges` and not in `holes`. Both must be merged, and the result is. */
function without(ranges: readonly Range[], holes: readonly Range[]): Range[] {
  const result: Range[] = [];
  let next = 0;
  for (const { first, last } of ranges) {
    let from = first;
    while (next < holes.length && holes[next]!.last < from) next++;
    for (let at = next; at < holes.length && holes[at]!.first <= last; at++) {
      if (holes[at]!.first > from) result.push({ first: from, last: holes[at]!.first - 1n });
      from = holes[at]!.last + 1n;
    }
    if (from <= last) result.push({ first: from, last });
  }
  return result;
}

/** Numbers as 32-bit words, the highest first. */
function words(numbers: readonly bigint[], count: 1 | 4): Uint32Array {
  const result = new Uint32Array(numbers.length * count);
  numbers.forEach((number, index) => {
    for (let word = 0; word < count; word++) {
      result[index * count + word] = Number((number >> BigInt((count - 1 - word) * 32)) & 0xffff_ffffn);
    }
  });
  return result;
}
