import { Injectable } from '@nestjs/common';

const MiB = 1024 * 1024;

/** An amount of memory, in bytes, of which many may have a part. */
export class MemoryShare {
  /** Bytes that are in use. */
  taken = 0;

  constructor(readonly most: number) {}

  /** False: so much is not left. */
  take(bytes: number): boolean {
    if (this.taken + bytes > this.most) return false;
    this.taken += bytes;
    return true;
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.taken -= bytes;
  }
}

/** What this process keeps for clients that are slow, so that their slowness is not the backends'. */
@Injectable()
export class ClientMemory {
  /** Bodies that are gathered before they take a place at a backend. */
  readonly bodies = new MemoryShare(64 * MiB);
  /** Answers that are read faster than their clients take them. */
  readonly answers = new MemoryShare(64 * MiB);
}

/** What one exchange has taken of several shares; given back when it is over. */
export class Borrowed {
  readonly #parts: [share: MemoryShare, bytes: number][] = [];

  /** False: so much is not left. */
  take(share: MemoryShare, bytes: number): boolean {
    if (!share.take(bytes)) return false;
    this.#parts.push([share, bytes]);
    return true;
  }

  giveBack(): void {
    for (const [share, bytes] of this.#parts.splice(0)) share.give(bytes);
  }
}
