/** An answer that holds a place at a backend. */
export interface HeldAnswer {
  /** Takes memory for what is still to come (at most 1 MiB) and reads the backend on into it. False: it gets none, or has had some before. */
  readOn(): boolean;
  /** Ends the answer, because others wait for its place. `milliseconds`: how long its client has read nothing. */
  cut(milliseconds: number): void;
}

/**
 * The answers that hold places at one backend while their clients do not read. When they hold more than half of the places, the oldest are
 * read on into memory, so that the places come free; where there is no memory for them, and others wait, they are cut after a while.
 */
export class UnreadAnswers {
  /** When each client has stopped; the oldest first. */
  readonly #paused = new Map<HeldAnswer, number>();
  /** Those of them for which there is no memory. */
  readonly #stuck = new Map<HeldAnswer, number>();
  #relief: NodeJS.Immediate | undefined;
  #cut: NodeJS.Timeout | undefined;

  constructor(
    /** So many may hold a place for as long as they like. */
    public most: number,
    /** How many wait for a place. */
    private readonly waiting: () => number,
    /** Milliseconds for which a client may read nothing while others wait. */
    private readonly patience = 2_000,
  ) {}

  get size(): number {
    return this.#paused.size + this.#stuck.size;
  }

  /** The client does not read, and so the backend is not read any further. */
  paused(answer: HeldAnswer): void {
    this.#paused.set(answer, performance.now());
    if (this.#areTooMany) this.#relief ??= setImmediate(() => this.#relieve());
  }

  /** The client reads again, or the answer is over. */
  flows(answer: HeldAnswer): void {
    if (!this.#paused.delete(answer)) this.#stuck.delete(answer);
  }

  /** Another waits for a place. */
  othersWait(): void {
    if (this.#areTooMany) this.#cut ??= setTimeout(() => this.#cutOldest(), this.patience / 8).unref();
  }

  get #areTooMany(): boolean {
    return this.size > this.most;
  }

  #relieve(): void {
    this.#relief = undefined;
    for (const [answer, since] of this.#paused) {
      if (!this.#areTooMany) return;
      this.#paused.delete(answer);
      if (!answer.readOn()) this.#stuck.set(answer, since);
    }
    if (this.waiting() > 0) this.othersWait();
  }

  /** As many of those that are too many as there are others that wait. */
  #cutOldest(): void {
    this.#cut = undefined;
    const now = performance.now();
    for (let count = this.waiting(); count > 0 && this.#areTooMany; count--) {
      const [oldest] = this.#stuck;
      if (oldest === undefined || now - oldest[1] < this.patience) break;
      this.#stuck.delete(oldest[0]);
      oldest[0].cut(now - oldest[1]);
    }
    if (this.waiting() > 0) this.othersWait();
  }
}
