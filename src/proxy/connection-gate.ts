import type { LiveBackend } from '../upstream/live-backend.js';

/** Limits of the way into one backend. */
export interface GateLimits {
  /** Exchanges that a backend carries at once: its connections. */
  readonly max: number;
  /** Exchanges that may wait for one of them. */
  readonly queue: number;
  /** Milliseconds that one may wait. */
  readonly queueTimeout: number;
}

interface Waiting {
  readonly enter: () => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The way into one backend: at most `max` exchanges at once, and a bounded queue before it (first come, first served).
 * Whoever has entered must leave exactly once.
 */
export class ConnectionGate {
  readonly #queue = new Set<Waiting>();

  constructor(
    private readonly backend: LiveBackend,
    private readonly limits: GateLimits,
  ) {}

  /** Exchanges that wait. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Enters at once if there is room. */
  tryEnter(): boolean {
    if (this.backend.inFlight >= this.limits.max) return false;
    this.backend.inFlight++;
    return true;
  }

  /**
   * Waits for room. `enter` is called once it has entered, `refuse` when it has waited `queueTimeout` or when the queue
   * is full (then before this returns). The function returned gives the wait up.
   */
  wait(enter: () => void, refuse: (reason: string) => void): () => void {
    if (this.#queue.size >= this.limits.queue) {
      refuse('the queue is full');
      return () => {};
    }
    const waiting: Waiting = {
      enter,
      timer: setTimeout(() => {
        this.#queue.delete(waiting);
        refuse('waited for connections.queueTimeout');
      }, this.limits.queueTimeout),
    };
    this.#queue.add(waiting);
    return () => {
      clearTimeout(waiting.timer);
      this.#queue.delete(waiting);
    };
  }

  leave(): void {
    if (this.#queue.size === 0) {
      this.backend.inFlight--;
      return;
    }
    const next = this.#queue.values().next().value!;
    this.#queue.delete(next);
    clearTimeout(next.timer);
    next.enter();
  }
}
