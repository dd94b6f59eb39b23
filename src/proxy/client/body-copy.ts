import { Pieces } from '../../http/pieces.js';

/** A copy that is made of a body while it comes: of all of it, or, where it is too large or breaks, of nothing. */
export class BodyCopy {
  /** Undefined once `done` was called. */
  #pieces: Pieces | undefined = new Pieces();

  /** `limit`: bytes; `done` is called exactly once, with the whole body or with undefined. */
  constructor(
    private readonly limit: number,
    private readonly done: (body: Buffer | undefined) => void,
  ) {}

  add(chunk: Buffer): void {
    const pieces = this.#pieces;
    if (pieces === undefined) return;
    if (pieces.length + chunk.length > this.limit) this.#finish(undefined);
    else pieces.add(chunk);
  }

  /** The body has come to its end. */
  complete(): void {
    this.#finish(this.#pieces?.all);
  }

  /** The body has broken. */
  fail(): void {
    this.#finish(undefined);
  }

  #finish(body: Buffer | undefined): void {
    if (this.#pieces === undefined) return;
    this.#pieces = undefined;
    this.done(body);
  }
}
