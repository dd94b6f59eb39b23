import { CellMemory, evictionsAt } from './cell-memory.js';
import { KeyedHash } from './keyed-hash.js';
import { SharedClock } from './shared-clock.js';

/** Neighbouring cells that a key may use, and so the most that a search looks at. */
const reach = 16;
/** Limit of a cell's arrival time, which keeps sums with it well below 64 bits. */
const longest = 2 ** 61;

/**
 * Rate-limit cells (GCRA, the generic cell rate algorithm) in memory of fixed size that all threads of a process share and
 * change with Atomics, without a lock: a thread that dies in the middle of a change does not stop the others.
 *
 * A cell is one number: the theoretical arrival time, after which the cell is as good as unused. A request moves this time
 * forward by its interval, unless it would then be further ahead than the tolerance. A cell whose time has passed is free for
 * any key.
 *
 * A key may use one of 16 cells. When other keys use them all, the key takes the cell that would be free soonest, because the
 * least is lost with it; the key that it belonged to starts again from nothing. So a flood of keys costs no memory and refuses
 * no client; a client that is being held back keeps its cell longest. Two keys share a cell by accident once in 2³² / 16.
 */
export class CellTable {
  readonly #cells: CellMemory;
  readonly #hash = new KeyedHash();
  readonly #mask: number;
  readonly #now: () => number;

  /**
   * `memory`: from {@link CellTable.allocate}, perhaps in another thread. `now`: whole nanoseconds; default: the clock that the
   * threads share.
   */
  constructor(memory: SharedArrayBuffer = CellTable.allocate(), now?: () => number) {
    this.#cells = new CellMemory(memory);
    this.#mask = this.#cells.tags.length - 1;
    const clock = new SharedClock(this.#cells.epoch);
    this.#now = now ?? (() => clock.now());
  }

  /** Memory for a table. `cells`: a power of two, 12 bytes each; default 262,144, which is 3 MiB. */
  static allocate(cells = 262_144): SharedArrayBuffer {
    return CellMemory.allocate(cells);
  }

  /** Cells that all threads together have taken from keys that still needed them. */
  get evictions(): number {
    return Atomics.load(this.#cells.head, evictionsAt) >>> 0;
  }

  /**
   * The cells of one namespace, for example of one limit: the same key has different cells in different namespaces. The same
   * name gives the same cells in every thread.
   */
  space(name: string): CellSpace {
    const [key0, key1] = this.#cells.seed;
    this.#hash.update(key0, key1, name);
    return new CellSpace(this, this.#hash.high, this.#hash.low);
  }

  /**
   * Admits or refuses a request. Returns the cell's backlog, in nanoseconds: how far its time is ahead when the request is
   * counted. More than `tolerance` means that the request was refused and nothing was changed.
   */
  take(key0: number, key1: number, key: string, interval: number, tolerance: number): number {
    const { arrivals, tags } = this.#cells;
    const limit = tolerance < longest ? tolerance : longest;
    this.#hash.update(key0, key1, key);
    const { high } = this.#hash;
    const tag = this.#hash.low || 1;
    const now = this.#now();
    for (;;) {
      const cell = this.#find(high, tag, now);
      const old = Atomics.load(arrivals, cell);
      const arrival = Number(old);
      const after = (arrival > now ? arrival - now : 0) + interval;
      if (after <= limit) {
        if (Atomics.compareExchange(arrivals, cell, old, BigInt(now + after)) !== old) continue;
      }
      if (Atomics.load(tags, cell) === tag) return after;
      // Another key has taken the cell in the meantime.
      if (after <= limit) this.#moveBack(cell, interval);
    }
  }

  /** How far the time of a key's cell is ahead, in nanoseconds; 0 when the key has no cell. Changes nothing. */
  backlog(key0: number, key1: number, key: string): number {
    this.#hash.update(key0, key1, key);
    const cell = this.#locate(this.#hash.high, this.#hash.low || 1);
    if (cell === -1) return 0;
    const ahead = Number(Atomics.load(this.#cells.arrivals, cell)) - this.#now();
    return ahead > 0 ? ahead : 0;
  }

  /** Removes an admitted request from the count. */
  giveBack(key0: number, key1: number, key: string, interval: number): void {
    this.#hash.update(key0, key1, key);
    const cell = this.#locate(this.#hash.high, this.#hash.low || 1);
    if (cell !== -1) this.#moveBack(cell, interval);
  }

  #moveBack(cell: number, interval: number): void {
    Atomics.sub(this.#cells.arrivals, cell, BigInt(interval));
  }

  /** The index of a key's cell; -1 when it has none. */
  #locate(high: number, tag: number): number {
    const { tags } = this.#cells;
    for (let i = 0; i < reach; i++) {
      const cell = (high + i) & this.#mask;
      const found = Atomics.load(tags, cell);
      if (found === tag) return cell;
      // Cells are taken in this order and never become unused again.
      if (found === 0) return -1;
    }
    return -1;
  }

  /** The index of a key's cell; a key without one takes the first free cell. */
  #find(high: number, tag: number, now: number): number {
    for (;;) {
      const cell = this.#locate(high, tag);
      if (cell !== -1) return cell;
      if (this.#claim(high, tag, now)) {
        // Two threads may have taken one each for a new key: both use the first.
        const first = this.#locate(high, tag);
        if (first !== -1) return first;
      }
    }
  }

  /** Tries once to give a cell to the key; false when another thread was faster. */
  #claim(high: number, tag: number, now: number): boolean {
    const { arrivals, tags } = this.#cells;
    let best = 0;
    let soonest = Infinity;
    for (let i = 0; i < reach && soonest > now; i++) {
      const cell = (high + i) & this.#mask;
      const arrival = Number(Atomics.load(arrivals, cell));
      if (arrival < soonest) {
        best = cell;
        soonest = arrival;
      }
    }
    const owner = Atomics.load(tags, best);
    if (soonest > now) {
      const arrival = BigInt(soonest);
      if (Atomics.compareExchange(arrivals, best, arrival, 0n) !== arrival) return false;
      Atomics.add(this.#cells.head, evictionsAt, 1);
    }
    return Atomics.compareExchange(tags, best, owner, tag) === owner;
  }
}

/** The cells of one namespace of a {@link CellTable}. Keys are texts of any length. */
export class CellSpace {
  constructor(
    private readonly table: CellTable,
    private readonly key0: number,
    private readonly key1: number,
  ) {}

  /** As {@link CellTable.take}: nanoseconds; more than `tolerance`: not let through. `interval`: whole, at least 1. */
  take(key: string, interval: number, tolerance: number): number {
    return this.table.take(this.key0, this.key1, key, interval, tolerance);
  }

  /** As {@link CellTable.backlog}. */
  backlog(key: string): number {
    return this.table.backlog(this.key0, this.key1, key);
  }

  /** As {@link CellTable.giveBack}. */
  giveBack(key: string, interval: number): void {
    this.table.giveBack(this.key0, this.key1, key, interval);
  }
}
