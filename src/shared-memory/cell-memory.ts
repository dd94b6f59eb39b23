import { randomFillSync } from 'node:crypto';
import { epochNow } from './shared-clock.js';

/**
 * How the memory of a {@link CellTable} is laid out: a head (format, number of evictions, two words of secret seed, the
 * epoch of its clock), then the tags of all cells, then their arrival times.
 */
export class CellMemory {
  /** The hash of the key that owns a cell; 0 = never used. */
  readonly tags: Int32Array;
  /** Nanoseconds on the table's clock; a cell whose time has passed is free. */
  readonly arrivals: BigInt64Array;
  readonly head: Int32Array;
  readonly #epoch: BigInt64Array;

  /** Throws a TypeError for memory that was not made by {@link CellMemory.allocate}. */
  constructor(memory: SharedArrayBuffer) {
    const cells = (memory.byteLength - headBytes) / cellBytes;
    if (!isPowerOfTwo(cells) || new Int32Array(memory, 0, 1)[0] !== format) {
      throw new TypeError('this is not the memory of a cell table');
    }
    this.head = new Int32Array(memory, 0, 4);
    this.#epoch = new BigInt64Array(memory, 16, 1);
    this.arrivals = new BigInt64Array(memory, headBytes, cells);
    this.tags = new Int32Array(memory, headBytes + cells * arrivalBytes, cells);
  }

  /** New memory for `cells` cells (a power of two) of 12 bytes each. Pages take no physical memory until a cell in them is used. */
  static allocate(cells: number): SharedArrayBuffer {
    if (!isPowerOfTwo(cells)) throw new RangeError(`a table has a power of two of cells, not ${cells}`);
    const memory = new SharedArrayBuffer(headBytes + cells * cellBytes);
    const head = new Int32Array(memory, 0, 4);
    head.set(randomFillSync(new Int32Array(2)), 2);
    new BigInt64Array(memory, 16, 1)[0] = epochNow();
    head[0] = format;
    return memory;
  }

  get epoch(): bigint {
    return this.#epoch[0]!;
  }

  get seed(): readonly [number, number] {
    return [this.head[2]!, this.head[3]!];
  }
}

/** Index of the number of evictions in the head. */
export const evictionsAt = 1;

const format = 0x47430001;
const headBytes = 64;
const arrivalBytes = 8;
const cellBytes = arrivalBytes + 4;

function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(count) && count >= 16 && Number.isInteger(Math.log2(count));
}
