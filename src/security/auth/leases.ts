/** What goes on by itself until it is ended: it has timers, fetches or connections. */
export interface Ending {
  /** Ends at once; what is under way fails. */
  end(): void | Promise<void>;
  /**
   * Stops what goes on by itself. What is under way may finish, and requests that began before may still ask. Resolves when nothing is under way any
   * more; never rejects.
   */
  retire(): Promise<void>;
}

interface Lease<V> {
  readonly value: V;
  readonly holders: Set<object>;
}

/** Values that several holders have together: made for the first holder of a key, and gone with the last. */
export class Leases<K, V extends Ending> {
  readonly #leases = new Map<K, Lease<V>>();
  /** Retired, with something still under way. */
  readonly #retiring = new Set<V>();

  /** The value of the key, which is there as long as the holder is. */
  take(key: K, holder: object, make: () => V): V {
    let lease = this.#leases.get(key);
    if (lease === undefined) this.#leases.set(key, (lease = { value: make(), holders: new Set() }));
    lease.holders.add(holder);
    return lease.value;
  }

  /** The values that are held. */
  *[Symbol.iterator](): Generator<V> {
    for (const { value } of this.#leases.values()) yield value;
  }

  /** The holder goes, and what only it has had is retired: requests may be under way with it. */
  retire(holder: object): void {
    for (const value of this.#leftBy(holder)) {
      this.#retiring.add(value);
      void value.retire().then(() => this.#retiring.delete(value));
    }
  }

  /** The holder goes without having been in force, and what only it has had is ended. */
  discard(holder: object): void {
    for (const value of this.#leftBy(holder)) void value.end();
  }

  /** Ends all values, also those that are held. */
  async end(): Promise<void> {
    await Promise.all([...this, ...this.#retiring].map(async value => value.end()));
  }

  #leftBy(holder: object): V[] {
    const left: V[] = [];
    for (const [key, { value, holders }] of this.#leases) {
      if (!holders.delete(holder) || holders.size > 0) continue;
      this.#leases.delete(key);
      left.push(value);
    }
    return left;
  }
}
