/**
 * Keeps from asking what does not answer: after a few failures in a row nobody may ask for a moment, and after that one at a time,
 * until it answers again.
 */
export class FailurePause {
  #failures = 0;
  #until = 0;
  #trial = false;

  constructor(
    private readonly maxFailures: number,
    /** Milliseconds. */
    private readonly pause: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether one more may ask. Whoever may must say how it went, once. */
  tryAsk(): boolean {
    if (this.#failures < this.maxFailures) return true;
    if (this.#trial || this.now() < this.#until) return false;
    this.#trial = true;
    return true;
  }

  settle(ok: boolean): void {
    this.#trial = false;
    if (ok) this.#failures = 0;
    else {
      this.#failures++;
      this.#until = this.now() + this.pause;
    }
  }
}
