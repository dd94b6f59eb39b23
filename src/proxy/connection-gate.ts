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

/** Who waits before a gate. Exactly one of the three is called, unless it gives up before. */
export interface GateWaiter {
  /** It has entered, and must leave. */
  entered(): void;
  /** The queue is full, or it has waited `queueTimeout`. */
  refused(reason: string): void;
  /** The backend has been taken out: it should look for another. */
  sentAway(): void;
}

interface Waiting {
  readonly waiter: GateWaiter;
  readonly timer: NodeJS.Timeout;
}

/**
 * The way into one backend: at most `max` exchanges at once, and a bounded queue before it (first come, first served).
 * Whoever has entered must leave exactly once. Streams and tunnels give their place back when they begin, for they would keep it for days:
 * they have limits of their own, and still count for the backend.
 */
export class ConnectionGate {
  readonly #queue = new Map<GateWaiter, Waiting>();
  /** Places that were left and are not given on yet. */
  #free = 0;
  #admitting = false;
  /** Streams and tunnels among those that are in flight. */
  #longLived = 0;

  constructor(
    private readonly backend: LiveBackend,
    private readonly limits: GateLimits,
  ) {}

  /** Exchanges that wait. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** One that enters now need not wait. */
  get hasRoom(): boolean {
    return this.backend.inFlight - this.#longLived < this.limits.max;
  }

  /** Enters at once if there is room. */
  tryEnter(): boolean {
    if (!this.hasRoom) return false;
    this.backend.inFlight++;
    return true;
  }

  /** Waits for room; a full queue refuses before this returns. */
  wait(waiter: GateWaiter): void {
    if (this.#queue.size >= this.limits.queue) {
      waiter.refused('the queue is full');
      return;
    }
    const timer = setTimeout(() => {
      this.#queue.delete(waiter);
      waiter.refused('waited for connections.queueTimeout');
    }, this.limits.queueTimeout);
    this.#queue.set(waiter, { waiter, timer });
  }

  /** Ends a wait. */
  giveUp(waiter: GateWaiter): void {
    const waiting = this.#queue.get(waiter);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    this.#queue.delete(waiter);
  }

  /** Sends all away who wait. */
  clear(): void {
    const waiters = [...this.#queue.keys()];
    for (const waiter of waiters) this.giveUp(waiter);
    for (const waiter of waiters) waiter.sentAway();
  }

  /** One that has entered will last: its place is free for another, and it leaves by {@link leaveLongLived}. */
  outlast(): void {
    this.#longLived++;
    this.backend.inFlight++;
    this.leave();
  }

  leaveLongLived(): void {
    this.#longLived--;
    this.backend.inFlight--;
  }

  leave(): void {
    this.#free++;
    // Whoever is let in may leave at once: in a loop, or a long queue would be a deep stack.
    if (this.#admitting) return;
    this.#admitting = true;
    try {
      for (; this.#free > 0; this.#free--) this.#admit();
    } finally {
      this.#admitting = false;
    }
  }

  #admit(): void {
    const next = this.#queue.size === 0 ? undefined : this.#queue.values().next().value;
    if (next === undefined) {
      this.backend.inFlight--;
      return;
    }
    this.#queue.delete(next.waiter);
    clearTimeout(next.timer);
    next.waiter.entered();
  }
}
