/** Where the places of `security.concurrency` are counted. Each place that is taken is given back exactly once. */
export abstract class ConcurrencyStore {
  /** Takes a place of `key` if fewer than `limit` are taken; false: there is none. */
  abstract enter(key: string, limit: number): boolean;
  /** Gives one back. */
  abstract leave(key: string): void;
}

/** Counts in the memory of one thread. A key without places takes no memory, so there are never more keys than places that are taken. */
export class MemoryConcurrencyStore extends ConcurrencyStore {
  readonly #taken = new Map<string, number>();

  /** Keys with places that are taken now. */
  get keys(): number {
    return this.#taken.size;
  }

  enter(key: string, limit: number): boolean {
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= limit) return false;
    this.#taken.set(key, taken + 1);
    return true;
  }

  leave(key: string): void {
    const left = (this.#taken.get(key) ?? 0) - 1;
    if (left > 0) this.#taken.set(key, left);
    else this.#taken.delete(key);
  }
}
