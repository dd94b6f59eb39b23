const MiB = 1024 * 1024;

/** A bounded amount of memory, in bytes, that many exchanges share. It only counts. */
export class MemoryShare {
  /** Bytes that are in use. */
  taken = 0;

  constructor(readonly most: number) {}

  /** Takes a part. False: not so many bytes are left, and none are taken. */
  take(bytes: number): boolean {
    if (this.taken + bytes > this.most) return false;
    this.taken += bytes;
    return true;
  }

  /** Gives a part back. */
  give(bytes: number): void {
    this.taken -= bytes;
  }
}

/** The memory that this thread spends on slow clients, so that they do not keep backends busy: its part of what the process may spend. */
export class ClientMemory {
  /** For bodies that are gathered before they take a place at a backend. */
  readonly bodies: MemoryShare;
  /** For answers that backends send faster than their clients read. */
  readonly answers: MemoryShare;

  /** `threads`: those that carry traffic, which have equal parts. */
  constructor(threads = 1) {
    this.bodies = new MemoryShare((64 * MiB) / threads);
    this.answers = new MemoryShare((64 * MiB) / threads);
  }
}

/** The parts that one exchange has taken of several shares; given back when it is over. */
export class Borrowed {
  readonly #parts: [share: MemoryShare, bytes: number][] = [];

  /** Takes a part of a share. False: not so many bytes are left, and none are taken. */
  take(share: MemoryShare, bytes: number): boolean {
    if (!share.take(bytes)) return false;
    this.#parts.push([share, bytes]);
    return true;
  }

  giveBack(): void {
    for (const [share, bytes] of this.#parts.splice(0)) share.give(bytes);
  }
}
