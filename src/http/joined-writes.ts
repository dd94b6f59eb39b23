import { owned, type Loan } from './loan.js';
import { Pieces, smallPiece } from './pieces.js';
import type { Sink, Written } from './sinks.js';

/** Small pieces that wait behind another are written when they are so many bytes together. */
const enough = 16 * 1024;

/**
 * The pieces of a message on their way into a stream. A small one goes at once; those that come before the system has taken it are joined, and
 * go as one. Node bounds what waits in a stream by its bytes, and keeps up to three objects for each piece: a peer that sends single bytes to one
 * that does not read would have it keep hundreds of thousands.
 */
export class JoinedWrites {
  #waiting: Pieces | undefined;
  /** A small piece was written, and the system has not taken it. */
  #underWay = false;
  #written: Written | undefined;

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
    if (chunk.length < smallPiece) return this.#write(chunk);
    const release = loan?.hold(chunk.length);
    return loan !== undefined && release === undefined ? this.sink.copy(chunk) : this.sink.write(chunk, release);
  }

  /** Writes all that waits here: the end follows, or a break. False as of {@link write}. */
  flush(): boolean {
    const waiting = this.#waiting;
    let flows = true;
    if (waiting === undefined) return flows;
    for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) flows = this.sink.write(piece);
    return flows;
  }

  /** Notices when the system has taken the piece. */
  #write(piece: Buffer): boolean {
    const { sink } = this;
    const written = (this.#written ??= error => this.#taken(error));
    this.#underWay = true;
    if (!sink.takesAtOnce) return sink.write(piece, written);
    const flows = sink.write(piece);
    if (sink.isEmpty) this.#underWay = false;
    else sink.whenTaken(written);
    return flows;
  }

  #taken(error: Error | null | undefined): void {
    this.#underWay = false;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    if (error !== undefined && error !== null) return waiting.clear();
    const piece = waiting.shift();
    if (piece === undefined) return;
    this.#write(piece);
    this.flush();
  }
}
