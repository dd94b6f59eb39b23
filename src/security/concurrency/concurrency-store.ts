import type { CountSpace } from '../../shared-memory/count-table.js';

/** Where places are counted that each key has only so many of, as in `security.concurrency`. Each place that is taken is given back exactly once. */
export abstract class ConcurrencyStore {
  /** Keys with places that this thread has taken. */
  abstract get keys(): number;
  /** Takes a place of `key` if fewer than `limit` are taken; false: there is none. */
  abstract enter(key: string, limit: number): boolean;
  /** Places of `key` that are taken now, over all threads. */
  abstract taken(key: string): number;
  /** Gives one back. */
  abstract leave(key: string): void;
}

/** Counts in the memory of one thread. A key without places takes no memory, so there are never more keys than places that are taken. */
export class MemoryConcurrencyStore extends ConcurrencyStore {
  readonly #taken = new Map<string, number>();

  get keys(): number {
    return this.#taken.size;
  }

  enter(key: string, limit: number): boolean {
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= limit) return false;
    this.#taken.set(key, taken + 1);
    return true;
  }

  taken(key: string): number {
    return this.#taken.get(key) ?? 0;
  }

  leave(key: string): void {
    const left = (this.#taken.get(key) ?? 0) - 1;
    if (left > 0) this.#taken.set(key, left);
    else this.#taken.delete(key);
  }
}

/** Counts over all threads, as exactly as a `CountTable` does. What this thread has taken is given back when it dies. */
export class SharedConcurrencyStore extends ConcurrencyStore {
  /** For each key the places that this thread has taken, which are all the same to it. */
  readonly #taken = new Map<string, number[]>();

  constructor(private readonly counts: CountSpace) {
    super();
  }

  get keys(): number {
    return this.#taken.size;
  }

  enter(key: string, limit: number): boolean {
    const place = this.counts.enter(key, limit);
    if (place < 0) return false;
    const taken = this.#taken.get(key);
    if (taken === undefined) this.#taken.set(key, [place]);
    else taken.push(place);
    return true;
  }

  taken(key: string): number {
    return this.counts.count(key);
  }

  leave(key: string): void {
    const taken = this.#taken.get(key);
    const place = taken?.pop();
    if (place === undefined) return;
    this.counts.leave(place);
    if (taken?.length === 0) this.#taken.delete(key);
  }
}

/** Counts by itself without `counts`, else over all threads. */
export function concurrencyStore(counts: CountSpace | undefined): ConcurrencyStore {
  return counts === undefined ? new MemoryConcurrencyStore() : new SharedConcurrencyStore(counts);
}
