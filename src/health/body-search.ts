/** Bytes of a body that are looked at. */
const longest = 64 * 1024;

/** Looks for a text in a body that arrives in pieces, in its first 64 kB. */
export class BodySearch {
  readonly #needle: Buffer;
  readonly #seen = Buffer.allocUnsafe(longest);
  #length = 0;

  constructor(text: string) {
    this.#needle = Buffer.from(text);
  }

  /** 64 kB were looked at: what follows does not count. */
  get isOver(): boolean {
    return this.#length === longest;
  }

  /** Takes the next piece; tells whether the text is there now. */
  add(chunk: Buffer): boolean {
    // The text may have begun in an earlier piece.
    const from = Math.max(0, this.#length - this.#needle.length + 1);
    this.#length += chunk.copy(this.#seen, this.#length);
    return this.#seen.subarray(from, this.#length).includes(this.#needle);
  }
}
