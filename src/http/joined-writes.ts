import { owned, type Loan } from './loan.js';
import { Pieces, smallPiece } from './pieces.js';

/** Small pieces that wait behind another are written when they are so many bytes together. */
const enough = 16 * 1024;

/** What pieces are written to: a `Writable`, or a response of Node's. */
export interface Sink {
  write(chunk: Buffer, written?: (error?: Error | null) => void): boolean;
}

/**
 * The pieces of a message on their way into a stream. A small one goes at once; those that come before the system has taken it are joined, and
 * go as one. Node bounds what waits in a stream by its bytes, and keeps up to three objects for each piece: a peer that sends single bytes to one
 * that does not read would have it keep hundreds of thousands.
 */
export class JoinedWrites {
  #waiting: Pieces | undefined;
  /** A small piece was written, and the system has not taken it. */
  #underWay = false;
  #written: ((error?: Error | null) => void) | undefined;

  constructor(private readonly sink: Sink) {}

  /** Bytes that wait here. */
  get length(): number {
    return this.#waiting === undefined ? 0 : this.#waiting.length;
  }

  /** Without a `loan` the chunk stays as it is. False: the stream has more to write than it should have, and will tell by `drain` when it has not. */
  write(chunk: Buffer, loan?: Loan): boolean {
    if (this.length > 0 || (this.#underWay && chunk.length < smallPiece)) {
      const waiting = (this.#waiting ??= new Pieces());
      waiting.add(owned(chunk, loan));
      return waiting.length < enough || this.flush();
    }
    if (chunk.length >= smallPiece) {
      const release = loan?.hold(chunk.length);
      return release === undefined ? this.sink.write(owned(chunk, loan)) : this.sink.write(chunk, release);
    }
    this.#underWay = true;
    return this.sink.write(owned(chunk, loan), (this.#written ??= error => this.#taken(error)));
  }

  /** Writes all that waits here: the end follows, or a break. False as of {@link write}. */
  flush(): boolean {
    const waiting = this.#waiting;
    let flows = true;
    if (waiting === undefined) return flows;
    for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) flows = this.sink.write(piece);
    return flows;
  }

  #taken(error: Error | null | undefined): void {
    this.#underWay = false;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    if (error !== undefined && error !== null) return waiting.clear();
    const piece = waiting.shift();
    if (piece === undefined) return;
    this.#underWay = true;
    this.sink.write(piece, this.#written);
    this.flush();
  }
}
