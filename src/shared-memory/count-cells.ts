import { randomFillSync } from 'node:crypto';

/** Threads that may share a table. */
export const mostThreads = 64;

/** Words of a bucket: its version, and the tags of its cells. Together they are one line of a processor's cache. */
export const bucketWords = 16;

/**
 * How the memory of a `CountTable` is laid out: a head (format, threads, two words of secret seed), the claims of all threads, then buckets of 16 words,
 * then for each word of a bucket one column for each thread. The columns of a version are not used.
 */
export class CountCells {
  readonly threads: number;
  /** For each thread, what stood in the tag that it has marked last. */
  readonly claims: Int32Array;
  /** Of each bucket the version, and behind it the tags of its cells: 0 = never used, 1 to 64 = marked by that thread, else the hash of a key. */
  readonly tags: Int32Array;
  /** For each cell, what each thread counts in it. Only that thread writes there while it lives. */
  readonly columns: Int32Array;
  readonly seed: readonly [number, number];

  /** Throws a TypeError for memory that was not made by {@link CountCells.allocate}. */
  constructor(memory: SharedArrayBuffer) {
    const [found, threads = 0, ...seed] = new Int32Array(memory, 0, memory.byteLength < headBytes ? 0 : headWords);
    const cells = (memory.byteLength - headBytes) / cellBytes(threads);
    if (found !== format || !isThreads(threads) || !isCells(cells)) {
      throw new TypeError('this is not the memory of a count table');
    }
    this.threads = threads;
    this.seed = [seed[0]!, seed[1]!];
    this.claims = new Int32Array(memory, headWords * 4, mostThreads);
    this.tags = new Int32Array(memory, headBytes, cells);
    this.columns = new Int32Array(memory, headBytes + cells * 4, cells * threads);
  }

  /** New memory for `cells` cells (a power of two, at least 16), of which one in 16 keeps the version of a bucket. Pages take no physical memory until used. */
  static allocate(cells: number, threads: number): SharedArrayBuffer {
    if (!isCells(cells)) throw new RangeError(`a table has a power of two of cells, not ${cells}`);
    if (!isThreads(threads)) throw new RangeError(`a table is for 1 to ${mostThreads} threads, not ${threads}`);
    const memory = new SharedArrayBuffer(headBytes + cells * cellBytes(threads));
    new Int32Array(memory, 0, headWords).set([format, threads, ...randomFillSync(new Int32Array(2))]);
    return memory;
  }
}

const format = 0x47430002;
const headWords = 16;
const headBytes = headWords * 4 + mostThreads * 4;

function cellBytes(threads: number): number {
  return 4 + threads * 4;
}

function isCells(count: number): boolean {
  return Number.isInteger(count) && count >= bucketWords && Number.isInteger(Math.log2(count));
}

function isThreads(count: number): boolean {
  return Number.isInteger(count) && count >= 1 && count <= mostThreads;
}
