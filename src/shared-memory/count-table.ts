import { bucketWords, CountCells, mostThreads } from './count-cells.js';
import { KeyedHash } from './keyed-hash.js';
import { LocalCounts } from './local-counts.js';

/** What {@link CountSpace.enter} gives when the limit is reached. */
const refused = -1;

/**
 * Counts of what is in flight, by key, in memory of fixed size that all threads of a process share and change with Atomics, without a lock. A thread may
 * die between any two steps: it stops no other thread, and {@link forget} takes what it has counted out of all counts.
 *
 * **A cell** has a tag (the hash of its key) and one column for each thread, which only that thread writes. The count of a key is the sum of the columns:
 * there is no separate total that a death could leave different from its parts. A cell whose columns are all 0 is free for any key.
 *
 * **To enter**, a thread adds 1 to its column, and only then adds up. If the sum is above the limit it takes its 1 away again. Of several threads the one
 * that has added last sees all the others, so there are never more than the limit. Two that ask for the last place at once may each see the other and
 * take their 1 away; they look again, and are refused only if the place is then taken or asked for by another thread.
 *
 * **To claim** a free cell for a key, a thread marks its tag, so that no other thread claims the cell; adds 1 to the version of the bucket; adds up the
 * columns once more; and writes the new tag if they are still 0, else the old one. Each thread that enters reads the version before it reads tags, and
 * again after it has added its 1: if it is the same, either no claim has begun in between, or the claimant sees the 1 and gives the cell back. Cells with
 * a mark count for every key, since their tag may come back. Two threads may claim two cells for one key: both are added up, always.
 *
 * **Exact**: no key is ever above its limit over all threads that live. **Not exact**: a key whose bucket has no free cell is counted by each thread for
 * itself, with the whole limit, until that thread has left all that it has counted so (buckets have 15 cells; a table that is filled to a quarter has such
 * a bucket once in 100,000). Until {@link forget} is called, what a dead thread had in flight goes on counting. Two keys share a cell by accident once in
 * 2³² times the number of buckets.
 */
export class CountTable {
  readonly #memory: CountCells;
  readonly #hash = new KeyedHash();
  readonly #buckets: number;
  /** The tag that marks a cell which this thread is claiming. */
  readonly #mark: number;

  /** `memory`: from {@link CountTable.allocate}. `column`: the number of this thread, from 0; no other thread that lives may have the same. */
  constructor(
    memory: SharedArrayBuffer,
    private readonly column: number,
  ) {
    this.#memory = new CountCells(memory);
    const { tags, threads } = this.#memory;
    if (!Number.isInteger(column) || column < 0 || column >= threads) {
      throw new RangeError(`the table has columns 0 to ${threads - 1}, not ${column}`);
    }
    this.#buckets = tags.length / bucketWords;
    this.#mark = column + 1;
  }

  /** Memory for a table. `cells`: a power of two, default 131,072, of 4 bytes and 4 more for each thread. `threads`: 1 to 64. */
  static allocate({ cells = 131_072, threads }: { cells?: number; threads: number }): SharedArrayBuffer {
    return CountCells.allocate(cells, threads);
  }

  /** The counts of one namespace, for example of one limit: the same key has different counts in different namespaces. The same name gives the same counts in every thread. */
  space(name: string): CountSpace {
    const [key0, key1] = this.#memory.seed;
    this.#hash.update(key0, key1, name);
    return new CountSpace(this, this.#memory.tags.length, this.#hash.high, this.#hash.low);
  }

  /** Takes all that a thread has counted out of the counts. Called by another thread when that one has died, before its column is given to the next. */
  forget(column: number): void {
    const { claims, columns, tags, threads } = this.#memory;
    for (let cell = 0; cell < tags.length; cell++) {
      if (cell % bucketWords === 0 || Atomics.load(tags, cell) === 0) continue;
      const at = cell * threads + column;
      if (Atomics.load(columns, at) !== 0) Atomics.store(columns, at, 0);
      // It died while it claimed the cell, which others may still use under its old tag.
      if (Atomics.load(tags, cell) === column + 1) Atomics.store(tags, cell, claims[column]!);
    }
  }

  /** The count of a key over all threads, as it is at this moment. */
  count(key0: number, key1: number, key: string): number {
    this.#hash.update(key0, key1, key);
    return this.#sum(this.#bucket(), this.#tag());
  }

  /** Adds 1 to the count of a key. Gives the cell; -1: the count would be above `limit`; undefined: all cells of the bucket are in use. */
  enter(key0: number, key1: number, key: string, limit: number): number | undefined {
    const { columns, tags, threads } = this.#memory;
    this.#hash.update(key0, key1, key);
    const bucket = this.#bucket();
    const tag = this.#tag();
    for (;;) {
      const version = Atomics.load(tags, bucket);
      const cell = this.#find(bucket, tag);
      if (cell === -1) {
        if (this.#claim(bucket, tag)) continue;
        return undefined;
      }
      if (limit !== Infinity && this.#glance(bucket, tag) >= limit) return refused;
      const at = cell * threads + this.column;
      Atomics.add(columns, at, 1);
      if (Atomics.load(tags, bucket) === version && (limit === Infinity || this.#sum(bucket, tag) <= limit)) {
        return cell;
      }
      Atomics.sub(columns, at, 1);
    }
  }

  /** Takes 1 away again. `cell`: what {@link enter} gave to this thread. */
  leave(cell: number): void {
    Atomics.sub(this.#memory.columns, cell * this.#memory.threads + this.column, 1);
  }

  #bucket(): number {
    return (this.#hash.high & (this.#buckets - 1)) * bucketWords;
  }

  /** Hashes that mean something else than a key are moved behind those. */
  #tag(): number {
    const { low } = this.#hash;
    return low === 0 || isMark(low) ? low + mostThreads + 1 : low;
  }

  // The version orders these plain reads, which are ten times as fast as atomic ones.
  #find(bucket: number, tag: number): number {
    const { tags } = this.#memory;
    for (let cell = bucket + 1; cell < bucket + bucketWords; cell++) if (tags[cell] === tag) return cell;
    return -1;
  }

  /** The sum without atomic reads: enough to refuse by, and to see before a 1 is added that it would be taken away again. */
  #glance(bucket: number, tag: number): number {
    const { columns, tags, threads } = this.#memory;
    let sum = 0;
    for (let cell = bucket + 1; cell < bucket + bucketWords; cell++) {
      if (!isCounted(tags[cell]!, tag)) continue;
      for (let at = cell * threads; at < (cell + 1) * threads; at++) sum += columns[at]!;
    }
    return sum;
  }

  /** What all threads count in the cells of a key, and in cells that might be its own. */
  #sum(bucket: number, tag: number): number {
    const { tags } = this.#memory;
    let sum = 0;
    for (let cell = bucket + 1; cell < bucket + bucketWords; cell++) {
      if (isCounted(tags[cell]!, tag)) sum += this.#countIn(cell);
    }
    return sum;
  }

  #countIn(cell: number): number {
    const { columns, threads } = this.#memory;
    let sum = 0;
    for (let at = cell * threads; at < (cell + 1) * threads; at++) sum += Atomics.load(columns, at);
    return sum;
  }

  /** Tries to give a free cell of the bucket to a key. False: there is none; true: the key may have one now. */
  #claim(bucket: number, tag: number): boolean {
    const { claims, tags } = this.#memory;
    // Each key begins elsewhere, so that keys that come again often find their cells.
    const first = (tag >>> 4) % (bucketWords - 1);
    for (let i = 0; i < bucketWords - 1; i++) {
      const cell = bucket + 1 + ((first + i) % (bucketWords - 1));
      const old = Atomics.load(tags, cell);
      if (isMark(old) || this.#countIn(cell) !== 0) continue;
      Atomics.store(claims, this.column, old);
      if (Atomics.compareExchange(tags, cell, old, this.#mark) === old) {
        Atomics.add(tags, bucket, 1);
        Atomics.store(tags, cell, this.#countIn(cell) === 0 ? tag : old);
      }
      return true;
    }
    return false;
  }
}

function isMark(tag: number): boolean {
  return tag > 0 && tag <= mostThreads;
}

/** Whether a cell with the tag `found` counts for a key with this tag. */
function isCounted(found: number, tag: number): boolean {
  return found === tag || isMark(found);
}

/** The counts of one namespace of a {@link CountTable}, as one thread sees them. Keys are texts of any length. */
export class CountSpace {
  /** Keys that found no cell. */
  readonly #local = new LocalCounts();

  /** `cells`: those of the table; greater numbers are places in this thread's own memory. */
  constructor(
    private readonly table: CountTable,
    private readonly cells: number,
    private readonly key0: number,
    private readonly key1: number,
  ) {}

  /**
   * Counts one more for a key, unless it would be above `limit` (default: none). Gives a number to {@link leave} by, once and in this thread; -1: refused,
   * nothing was counted.
   */
  enter(key: string, limit = Infinity): number {
    if (!this.#local.isUsed || this.#local.of(key) === 0) {
      const cell = this.table.enter(this.key0, this.key1, key, limit);
      if (cell !== undefined) return cell;
    }
    const slot = this.#local.enter(key, limit);
    return slot === refused ? refused : this.cells + slot;
  }

  /** Counts one less. `entered`: what {@link enter} gave. */
  leave(entered: number): void {
    if (entered < this.cells) this.table.leave(entered);
    else this.#local.leave(entered - this.cells);
  }

  /** How many are counted for a key at this moment, over all threads. */
  count(key: string): number {
    return this.table.count(this.key0, this.key1, key) + this.#local.of(key);
  }
}
