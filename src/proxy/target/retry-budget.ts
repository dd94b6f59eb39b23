/** Milliseconds in which what was saved up fades to 1/e: about as long as a quiet time can be saved for a bad one. */
const memory = 10_000;
/** Retries per second that are allowed even with few or no requests, so that a quiet upstream can retry too. */
const steadyRate = 10;
/** What there is at the start: enough for the circuit of a dead backend to open without a client noticing. */
const atStart = 30;
/** Milliseconds between two looks at the clock while requests come. */
const resolution = 50;
/** Tokens that a bucket may owe for what the other has given: evens out traffic in fits and starts, and is soon paid off. */
const mostOwed = -steadyRate;

/**
 * How many retries and hedged attempts an upstream may be given: the larger of a share of its requests and ten a second. Two token
 * buckets, of which one is filled by each request, by a share of a token, and the other by the clock; an additional attempt takes one
 * out of both, and needs a whole one in either. What is saved up fades within about ten seconds. So retries never add more than the
 * share (or ten a second, and thirty at the start), and what fails altogether is not asked three times as often as before. After
 * Finagle's `RetryBudget`, where the two add up.
 */
export class RetryBudget {
  #byRequests = 0;
  #byClock = atStart;
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  /** A request was made. `share`: how much of an attempt it may add; `now`: from `performance.now()`. */
  deposit(share: number, now: number): void {
    if (now - this.#at > resolution) this.#pass(now);
    this.#byRequests += share;
  }

  /** Takes leave for one more attempt; false: there is none. */
  take(now: number): boolean {
    this.#pass(now);
    if (this.#byRequests < 1 && this.#byClock < 1) return false;
    this.#byRequests = Math.max(mostOwed, this.#byRequests - 1);
    this.#byClock = Math.max(mostOwed, this.#byClock - 1);
    return true;
  }

  /** Attempts that {@link take} would allow at `now`, one after the other. */
  left(now: number): number {
    this.#pass(now);
    return Math.max(0, Math.floor(Math.max(this.#byRequests, this.#byClock)));
  }

  #pass(now: number): void {
    const kept = Math.exp(Math.min(0, this.#at - now) / memory);
    this.#at = now;
    this.#byRequests *= kept;
    this.#byClock = this.#byClock * kept + (steadyRate * memory * (1 - kept)) / 1000;
  }
}
