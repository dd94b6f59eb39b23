import { randomFillSync } from 'node:crypto';
import { epochNow } from '../../shared-memory/shared-clock.js';

/** Words of a cell for all threads together. */
export const Total = {
  /** The hash of the backend that the cell is for; 0 = of none. */
  tag: 0,
  /** Places that are taken. */
  taken: 1,
  /** Streams and tunnels. */
  lasting: 2,
  /** Exchanges that wait for a place. */
  waiting: 3,
  /** Counts how often a place was given back while others waited. */
  freed: 4,
} as const;

/** Words of a cell for each thread: what it has put into the totals. */
export const Share = { taken: 0, lasting: 1, waiting: 2 } as const;

const totalWords = 8;
const shareWords = 4;
const headBytes = 64;
const latencyBytes = 16;
const format = 0x474c0001;

/** The most threads that a memory may be made for. */
export const mostThreads = 64;

/**
 * How the memory of a {@link LoadTable} is laid out: a head (format, threads, cells, two words of secret seed, the epoch of its clock), the latencies of
 * all cells, then for each cell the words of {@link Total} and for each thread those of {@link Share}.
 */
export class LoadMemory {
  readonly cells: number;
  readonly threads: number;
  readonly words: Int32Array;
  readonly epoch: bigint;
  readonly seed: readonly [number, number];
  /** Words of one cell. */
  readonly stride: number;

  /** Throws a TypeError for memory that was not made by {@link LoadMemory.allocate}. */
  constructor(private readonly memory: SharedArrayBuffer) {
    const head = new Int32Array(memory, 0, headBytes / 4);
    if (head[0] !== format) throw new TypeError('this is not the memory of a load table');
    this.threads = head[1]!;
    this.cells = head[2]!;
    this.seed = [head[3]!, head[4]!];
    this.epoch = new BigInt64Array(memory, 32, 1)[0]!;
    this.stride = totalWords + this.threads * shareWords;
    this.words = new Int32Array(memory, headBytes + this.cells * latencyBytes);
  }

  /** New memory for `cells` backends (a power of two) and `threads` threads. Pages take no physical memory until a cell in them is used. */
  static allocate(threads: number, cells: number): SharedArrayBuffer {
    if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads) {
      throw new RangeError(`a load table is for 1 to ${mostThreads} threads, not ${threads}`);
    }
    if (cells < 16 || !Number.isInteger(Math.log2(cells))) {
      throw new RangeError(`a table has a power of two of cells, not ${cells}`);
    }
    const bytes = headBytes + cells * (latencyBytes + (totalWords + threads * shareWords) * 4);
    const memory = new SharedArrayBuffer(bytes);
    const head = new Int32Array(memory, 0, headBytes / 4);
    head.set([format, threads, cells]);
    head.set(randomFillSync(new Int32Array(2)), 3);
    new BigInt64Array(memory, 32, 1)[0] = epochNow();
    return memory;
  }

  latencyOf(cell: number): Float64Array {
    return new Float64Array(this.memory, headBytes + cell * latencyBytes, 2);
  }

  /** Index of the first word of a thread's share of a cell. */
  shareAt(cell: number, thread: number): number {
    return cell * this.stride + totalWords + thread * shareWords;
  }
}
