import type { Loan } from '../../http/loan.js';
import { sharedBuffer } from '../../platform/direct-reads.js';

/** Bytes of a large buffer. Four times what a read of the shared buffer brings: each read and each write costs a system call. */
const largeSize = 256 * 1024;

/** Large buffers that there may be, over all connections: 16 MiB. */
const mostLarge = 64;

/** A read that brings so many bytes makes its connection one with large bodies. */
const largeRead = 16 * 1024;

/** Reads in a row that bring less, after which it is one no more. */
const mostSmall = 16;

/** Pieces below this many bytes are copied rather than held: one of them would keep a whole buffer from being used. */
const smallestHeld = 32 * 1024;

/** A buffer that one connection reads into. It is spare when none does and no piece of it is held. */
class LargeBuffer {
  static readonly #spare: LargeBuffer[] = [];
  static #made = 0;

  readonly bytes = Buffer.allocUnsafeSlow(largeSize);
  #isInUse = true;
  #held = 0;
  /** A piece is held no longer. */
  readonly release = (): void => {
    this.#held--;
    this.#endUse();
  };

  /** Undefined: all that there may be are in use. */
  static take(): LargeBuffer | undefined {
    const spare = LargeBuffer.#spare.pop();
    if (spare !== undefined) {
      spare.#isInUse = true;
      return spare;
    }
    return LargeBuffer.#made++ < mostLarge ? new LargeBuffer() : void LargeBuffer.#made--;
  }

  get isHeld(): boolean {
    return this.#held > 0;
  }

  hold(): () => void {
    this.#held++;
    return this.release;
  }

  /** No connection reads into it any more. */
  leave(): void {
    this.#isInUse = false;
    this.#endUse();
  }

  #endUse(): void {
    if (this.#held === 0 && !this.#isInUse) LargeBuffer.#spare.push(this);
  }
}

/**
 * Where one connection reads: into the buffer that all connections share, and while it carries large bodies into one of its own, whose pieces go on
 * to the client uncopied. That one is read into again only when its pieces have been written.
 */
export class ReadBuffer implements Loan {
  bytes = sharedBuffer();
  #large: LargeBuffer | undefined;
  #smallReads = 0;

  hold(bytes: number): (() => void) | undefined {
    return bytes < smallestHeld ? undefined : this.#large?.hold();
  }

  /** Gives the buffer for the next read, after one that has brought `size` bytes and was used up. */
  next(size: number): Buffer {
    if (size >= largeRead) this.#smallReads = 0;
    else if (this.#large === undefined) return this.bytes;
    else this.#smallReads++;
    if (this.#smallReads > mostSmall) this.close();
    else if (this.#large === undefined || this.#large.isHeld) {
      this.#large?.leave();
      this.#large = LargeBuffer.take();
    }
    return (this.bytes = this.#large?.bytes ?? sharedBuffer());
  }

  /** The connection reads nothing more. */
  close(): void {
    this.#large?.leave();
    this.#large = undefined;
  }
}
