/** Milliseconds between two beats. */
const interval = 500;

/** Shows other threads that this one is alive: its event loop turns. */
export class Heartbeat {
  readonly #words: Int32Array;

  /** `memory`: a word for each thread. `index`: that of this thread. */
  constructor(
    memory: SharedArrayBuffer,
    private readonly index: number,
  ) {
    this.#words = new Int32Array(memory);
  }

  begin(): void {
    setInterval(() => Atomics.add(this.#words, this.index, 1), interval).unref();
  }
}

/** Memory for the beats of `threads` threads. */
export function allocateBeats(threads: number): SharedArrayBuffer {
  return new SharedArrayBuffer(threads * 4);
}

/** Tells whether a thread is stuck: its beats have stopped. */
export class HeartbeatWatch {
  readonly #words: Int32Array;
  #last = -1;
  #since: number;
  #lookedAt: number;

  /** `patience`: milliseconds without a beat after which a thread is stuck. */
  constructor(
    memory: SharedArrayBuffer,
    private readonly index: number,
    private readonly patience: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#words = new Int32Array(memory);
    this.#since = this.#lookedAt = now();
  }

  /** Forgets how long the thread has not beaten: it had a reason. */
  renew(): void {
    this.#since = this.#lookedAt = this.now();
  }

  /** To be asked about every {@link interval}. */
  isStuck(): boolean {
    const now = this.now();
    const beats = Atomics.load(this.#words, this.index);
    // The watcher itself was kept from looking, for example while the whole process was suspended.
    const wasAway = now - this.#lookedAt > this.patience / 2;
    this.#lookedAt = now;
    if (beats !== this.#last || wasAway) {
      this.#last = beats;
      this.#since = now;
    }
    return now - this.#since >= this.patience;
  }
}
