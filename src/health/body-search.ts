/** Bytes of a body that are searched. */
const longest = 64 * 1024;

/** Looks for a text in a body that arrives in pieces, in its first 64 kB. */
export class BodySearch {
  readonly #needle: Buffer;
  readonly #seen = Buffer.allocUnsafe(longest);
  #length = 0;

  constructor(text: string) {
    this.#needle = Buffer.from(text);
  }

  /** Whether 64 kB have been searched: later bytes do not count. */
  get isOver(): boolean {
    return this.#length === longest;
  }

  /** Searches the next piece; returns whether the text has been found by now. */
  add(chunk: Buffer): boolean {
    // The text may have begun in an earlier piece.
    const from = Math.max(0, this.#length - this.#needle.length + 1);
    this.#length += chunk.copy(this.#seen, this.#length);
    return this.#seen.subarray(from, this.#length).includes(this.#needle);
  }
}
