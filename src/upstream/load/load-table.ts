import type { BackendLoad } from './backend-load.js';
import { KeyedHash } from '../../shared-memory/keyed-hash.js';
import { LoadMemory, Share, Total } from './load-memory.js';
import { SharedClock } from '../../shared-memory/shared-clock.js';
import { SharedLoad } from './shared-load.js';

/** Neighbouring cells that a backend may have, and so the most that a search looks at. */
const reach = 64;

/**
 * What the backends carry, in memory that all threads of a process share and change with Atomics, without a lock. A backend has its cell by its name,
 * the same in each thread, as long as it is in use: {@link retain} gives free the cells of others.
 */
export class LoadTable {
  readonly #memory: LoadMemory;
  readonly #hash = new KeyedHash();
  readonly #clock: SharedClock;
  /** Cells whose backends were gone at the last {@link retain}. */
  #unused: ReadonlySet<number> = new Set();

  /** `memory`: from {@link LoadTable.allocate}. `thread`: the number of this thread, from 0. */
  constructor(
    memory: SharedArrayBuffer,
    private readonly thread: number,
  ) {
    this.#memory = new LoadMemory(memory);
    if (thread < 0 || thread >= this.#memory.threads) throw new RangeError(`there is no thread ${thread}`);
    this.#clock = new SharedClock(this.#memory.epoch);
  }

  /** Memory for a table. `threads`: how many share it, at most 64. `cells`: a power of two; default 32,768. */
  static allocate(threads: number, cells = 32_768): SharedArrayBuffer {
    return LoadMemory.allocate(threads, cells);
  }

  /** The load of a backend; undefined when no cell is left for it. */
  of(upstream: string, backend: string): BackendLoad | undefined {
    const tag = this.#tagOf(upstream, backend);
    const first = this.#hash.high & (this.#memory.cells - 1);
    const cell = this.#cellOf(tag, first) ?? this.#claim(tag, first);
    return cell === undefined ? undefined : new SharedLoad(this.#memory, cell, this.thread, this.#clock);
  }

  /** Takes what a thread has put into the totals out of them: it has died, and its exchanges with it. Those that wait in other threads hear of it. */
  forget(thread: number): void {
    const { cells, stride, words } = this.#memory;
    for (let cell = 0; cell < cells; cell++) {
      const at = cell * stride;
      if (Atomics.load(words, at + Total.tag) === 0) continue;
      const share = this.#memory.shareAt(cell, thread);
      const taken = Atomics.exchange(words, share + Share.taken, 0);
      Atomics.sub(words, at + Total.taken, taken);
      Atomics.sub(words, at + Total.lasting, Atomics.exchange(words, share + Share.lasting, 0));
      Atomics.sub(words, at + Total.waiting, Atomics.exchange(words, share + Share.waiting, 0));
      if (taken === 0) continue;
      Atomics.add(words, at + Total.freed, 1);
      Atomics.notify(words, at + Total.freed);
    }
  }

  /**
   * Gives free the cells that carry nothing and whose backends were not named in this call nor in the one before: another thread may still use one that
   * has just been removed. For the one thread that knows all backends, now and then.
   */
  retain(backends: Iterable<readonly [upstream: string, backend: string]>): void {
    const { cells, stride, words } = this.#memory;
    const tags = new Set<number>();
    for (const [upstream, backend] of backends) tags.add(this.#tagOf(upstream, backend));
    const unused = new Set<number>();
    for (let cell = 0; cell < cells; cell++) {
      const at = cell * stride;
      const tag = Atomics.load(words, at + Total.tag);
      if (tag === 0 || tags.has(tag)) continue;
      const isIdle = [Total.taken, Total.lasting, Total.waiting].every(word => Atomics.load(words, at + word) === 0);
      if (!isIdle) continue;
      if (!this.#unused.has(cell)) {
        unused.add(cell);
        continue;
      }
      this.#memory.latencyOf(cell).fill(0);
      Atomics.store(words, at + Total.tag, 0);
    }
    this.#unused = unused;
  }

  /** Leaves the other half of the hash in `#hash.high`. */
  #tagOf(upstream: string, backend: string): number {
    const [key0, key1] = this.#memory.seed;
    this.#hash.update(key0, key1, `${upstream}\0${backend}`);
    return this.#hash.low || 1;
  }

  #cellOf(tag: number, first: number): number | undefined {
    const { cells, stride, words } = this.#memory;
    for (let i = 0; i < reach; i++) {
      const cell = (first + i) & (cells - 1);
      if (Atomics.load(words, cell * stride + Total.tag) === tag) return cell;
    }
    return undefined;
  }

  #claim(tag: number, first: number): number | undefined {
    const { cells, stride, words } = this.#memory;
    for (let i = 0; i < reach; i++) {
      const cell = (first + i) & (cells - 1);
      const found = Atomics.compareExchange(words, cell * stride + Total.tag, 0, tag);
      // Another thread may have claimed it for the same backend.
      if (found === 0 || found === tag) return cell;
    }
    return undefined;
  }
}
