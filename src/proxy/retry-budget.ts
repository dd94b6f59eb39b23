/** Milliseconds in which what was saved up fades to 1/e: about as long as a quiet time can be saved for a bad one. */
const memory = 10_000;
/** Retries a second that are allowed whatever the traffic, so that a quiet upstream can retry too. */
const steadyRate = 10;
/** Milliseconds between two looks at the clock while requests come. */
const resolution = 50;

/**
 * How many retries and hedged attempts an upstream may be given: a token bucket that each request fills by a share of a
 * token, and the clock by ten a second; an additional attempt takes one. What is saved up fades within about ten seconds.
 * So retries never add more than the share (plus ten a second, plus ten at the start) to the requests, and what fails
 * altogether is not asked three times as often as before. As in Finagle's `RetryBudget`.
 */
export class RetryBudget {
  #tokens = steadyRate;
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  /** Attempts that could be added now. */
  get available(): number {
    return Math.floor(this.#tokens);
  }

  /** A request was made. `share`: how much of an attempt it may add; `now`: from `performance.now()`. */
  deposit(share: number, now: number): void {
    if (now - this.#at > resolution) this.#pass(now);
    this.#tokens += share;
  }

  /** Takes leave for one more attempt; false: there is none. */
  take(now: number): boolean {
    this.#pass(now);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #pass(now: number): void {
    const kept = Math.exp(Math.min(0, this.#at - now) / memory);
    this.#at = now;
    this.#tokens = this.#tokens * kept + (steadyRate * memory * (1 - kept)) / 1000;
  }
}
