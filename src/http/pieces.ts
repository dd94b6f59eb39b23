/** A piece shorter than this is joined to others that wait, in bytes: what Node keeps beside a `Buffer` would be most of it. */
export const smallPiece = 4 * 1024;

/** Small pieces are joined into buffers of at most this size, in bytes. */
const joinedSize = 16 * 1024;

/**
 * Bytes that wait, in the order in which they have come. Small pieces are copied into one buffer, so that the memory stays in proportion to the
 * bytes even if they come one at a time; large pieces are kept uncopied. The caller must bound how many bytes are added.
 */
export class Pieces {
  /** Bytes that wait. */
  length = 0;
  readonly #whole: Buffer[] = [];
  /** Small pieces that have been joined: the first `#used` bytes of it. */
  #joined: Buffer | undefined;
  #used = 0;

  add(chunk: Buffer): void {
    this.length += chunk.length;
    if (chunk.length < smallPiece) this.#join(chunk);
    else {
      this.#seal();
      this.#whole.push(compact(chunk));
    }
  }

  /** The next bytes, as many as lie together; undefined when none wait. */
  shift(): Buffer | undefined {
    if (this.#whole.length === 0) this.#seal();
    const piece = this.#whole.shift();
    if (piece !== undefined) this.length -= piece.length;
    return piece;
  }

  /** All bytes as one buffer; they go on waiting. */
  get all(): Buffer {
    this.#seal();
    if (this.#whole.length > 1) this.#whole.splice(0, Infinity, Buffer.concat(this.#whole, this.length));
    return this.#whole[0] ?? Buffer.alloc(0);
  }

  clear(): void {
    this.length = 0;
    this.#whole.length = 0;
    this.#joined = undefined;
    this.#used = 0;
  }

  #join(chunk: Buffer): void {
    let joined = this.#joined;
    if (joined === undefined || this.#used + chunk.length > joined.length) joined = this.#room(chunk.length);
    chunk.copy(joined, this.#used);
    this.#used += chunk.length;
  }

  /** A buffer behind whose `#used` bytes there is room for `more`. */
  #room(more: number): Buffer {
    const needed = this.#used + more;
    if (needed > joinedSize) this.#seal();
    // Not from Node's pool: a few bytes that wait for long would hold 64 KiB of it.
    const grown = Buffer.allocUnsafeSlow(Math.min(joinedSize, Math.max(256, 2 * (this.#used + more))));
    this.#joined?.copy(grown, 0, 0, this.#used);
    this.#joined = grown;
    return grown;
  }

  #seal(): void {
    if (this.#joined !== undefined && this.#used > 0) this.#whole.push(this.#joined.subarray(0, this.#used));
    this.#joined = undefined;
    this.#used = 0;
  }
}

/** The piece itself, or a copy where it would hold a much larger buffer that it is a part of. */
function compact(chunk: Buffer): Buffer {
  return chunk.buffer.byteLength > 2 * chunk.length ? Buffer.from(chunk) : chunk;
}
