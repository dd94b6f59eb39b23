/** How long nothing may pass on a stream, in milliseconds; 0 = for ever. */
interface SilenceLimits {
  /** Since something was written to the client: then a heartbeat is due. */
  readonly heartbeat: number;
  /** Since something was heard from the backend: then the stream is broken. */
  readonly idleTimeout: number;
}

/** What is due on a stream on which nothing passes, and when. All times are on the clock of `performance.now()`. */
export class Silence {
  constructor(
    private readonly limits: SilenceLimits,
    /** When something was heard from the backend last. */
    private heardAt: number,
  ) {}

  /** Something has come from the backend, or it is not to blame for the silence before. */
  heard(now: number): void {
    this.heardAt = now;
  }

  /** The backend has been silent for too long. */
  isBroken(now: number): boolean {
    return this.limits.idleTimeout > 0 && now >= this.heardAt + this.limits.idleTimeout;
  }

  /** The client has been written nothing for so long that it is to be sent a heartbeat. */
  isBeatDue(now: number, writtenAt: number): boolean {
    return this.limits.heartbeat > 0 && now >= writtenAt + this.limits.heartbeat;
  }

  /**
   * When to look again; 0 = never. `writtenAt`: undefined where nothing may be written into the stream; `waits`: a backend is waited for, and
   * the client reads.
   */
  next(now: number, writtenAt: number | undefined, waits: boolean): number {
    const { heartbeat, idleTimeout } = this.limits;
    const beat = heartbeat > 0 && writtenAt !== undefined ? writtenAt + heartbeat : Infinity;
    const broken = idleTimeout > 0 && waits ? this.heardAt + idleTimeout : Infinity;
    const next = Math.min(beat, broken);
    return next === Infinity ? 0 : Math.max(next, now);
  }
}
