/** The bytes that came on a connection, in one piece however often a test looks at them. */
export class ReceivedBytes {
  #buffer = Buffer.alloc(0);
  #length = 0;

  /** All of them. A view: it stays as it is when more come. */
  get all(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#buffer.length) {
      // Twice the size each time, so that all copies together are no more than the bytes themselves.
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#buffer.length, 1024));
      this.all.copy(larger);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#length);
    this.#length = length;
  }
}
