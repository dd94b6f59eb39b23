/**
 * Spares a service that does not answer: after `maxFailures` failures in a row no question may be asked for `pause` milliseconds, and after that
 * one at a time, until the service answers again.
 */
export class FailurePause {
  #failures = 0;
  #until = 0;
  #trial = false;

  constructor(
    private readonly maxFailures: number,
    /** Milliseconds for which no question may be asked. */
    private readonly pause: number,
  ) {}

  /** Whether one more question may be asked. After true the caller must {@link settle} once. */
  tryAsk(): boolean {
    if (this.#failures < this.maxFailures) return true;
    if (this.#trial || performance.now() < this.#until) return false;
    this.#trial = true;
    return true;
  }

  settle(ok: boolean): void {
    this.#trial = false;
    if (ok) this.#failures = 0;
    else {
      this.#failures++;
      this.#until = performance.now() + this.pause;
    }
  }
}
