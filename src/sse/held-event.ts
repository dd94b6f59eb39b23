/** The bytes of an event that has come in part, in one buffer that grows. */
export class HeldEvent {
  #bytes = Buffer.alloc(0);
  #length = 0;

  /** Bytes that are held. */
  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(1024, 2 * needed));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.#length);
    this.#length = needed;
  }

  /** Gives all of it, and holds nothing then; the buffer is the caller's. */
  take(): Buffer {
    const held = this.#bytes.subarray(0, this.#length);
    this.clear();
    return held;
  }

  clear(): void {
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
  }
}
