/**
 * What one backend carries, in this thread or in all that share its memory. A **place** is one of `connections.max`, which an exchange holds while it
 * is under way; what **lasts** (an event stream, a tunnel) is in flight without one.
 */
export interface BackendLoad {
  /** Exchanges in flight: those with a place, and what lasts. */
  readonly inFlight: number;
  /** Places that are taken. */
  readonly taken: number;
  /** Takes a place if fewer than `max` are taken. */
  tryTake(max: number): boolean;
  /** Gives a place back. */
  giveBack(): void;
  /** One that has a place will last: its place is free. */
  last(): void;
  /** One that has lasted has ended. */
  lasted(): void;
  /** So many more exchanges of this thread wait for a place, or so many fewer. While there are any, the watcher is called when places become free. */
  wait(more: number): void;
  /** Exchanges of other threads wait for a place. */
  readonly isWantedElsewhere: boolean;
  /** Has `retry` called when another thread has given a place back that exchanges of this thread wait for. One watcher at a time. */
  watch(retry: () => void): void;
  /** Average latency in milliseconds, and when it was observed, on the clock of {@link now}: see `Latency`. */
  readonly latency: Float64Array;
  /** Milliseconds on the clock that {@link latency} is kept by. */
  now(): number;
}

/** The load of a backend that one thread alone uses. */
export class ThreadLoad implements BackendLoad {
  taken = 0;
  readonly isWantedElsewhere = false;
  readonly latency = new Float64Array(2);
  #lasting = 0;

  get inFlight(): number {
    return this.taken + this.#lasting;
  }

  tryTake(max: number): boolean {
    if (this.taken >= max) return false;
    this.taken++;
    return true;
  }

  giveBack(): void {
    this.taken--;
  }

  last(): void {
    this.taken--;
    this.#lasting++;
  }

  lasted(): void {
    this.#lasting--;
  }

  wait(): void {}

  watch(): void {}

  now(): number {
    return performance.now();
  }
}
