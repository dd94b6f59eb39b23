/** A bounded map whose entries expire. When it is full, the entry that was used longest ago is dropped. */
export class ExpiringCache<V> {
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>();

  constructor(private readonly max: number) {}

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.until <= performance.now()) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps a value for `milliseconds`; not at all when that is not above 0. */
  set(key: string, value: V, milliseconds: number): void {
    this.#entries.delete(key);
    if (!(milliseconds > 0)) return;
    if (this.#entries.size >= this.max) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(key, { value, until: performance.now() + milliseconds });
  }

  clear(): void {
    this.#entries.clear();
  }
}
