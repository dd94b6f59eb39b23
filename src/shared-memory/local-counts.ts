/** What this thread has in flight for one key. */
interface Count {
  readonly key: string;
  readonly slot: number;
  count: number;
}

/** Counts by key in the memory of one thread. A key without a count takes no memory. */
export class LocalCounts {
  readonly #byKey = new Map<string, Count>();
  readonly #slots: (Count | undefined)[] = [];
  readonly #free: number[] = [];

  /** Whether anything is counted here. */
  get isUsed(): boolean {
    return this.#byKey.size > 0;
  }

  of(key: string): number {
    return this.#byKey.get(key)?.count ?? 0;
  }

  /** Counts one more, and tells in which slot; -1: the limit is reached. */
  enter(key: string, limit: number): number {
    const known = this.#byKey.get(key);
    if ((known?.count ?? 0) >= limit) return -1;
    if (known !== undefined) {
      known.count++;
      return known.slot;
    }
    const slot = this.#free.pop() ?? this.#slots.length;
    const count = { key, slot, count: 1 };
    this.#slots[slot] = count;
    this.#byKey.set(key, count);
    return slot;
  }

  leave(slot: number): void {
    const count = this.#slots[slot]!;
    if (--count.count > 0) return;
    this.#byKey.delete(count.key);
    this.#slots[slot] = undefined;
    this.#free.push(slot);
  }
}
