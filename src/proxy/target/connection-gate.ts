import { formatDuration } from '../../config/language/kinds/duration.js';
import type { LiveBackend } from '../../upstream/live-backend.js';
import type { BackendLoad } from '../../upstream/load/backend-load.js';
import { UnreadAnswers } from './unread-answers.js';

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
  /** Its client is still sending: see {@link ConnectionGate}. Default: false. */
  readonly isSending?: boolean;
  /** It has entered, and must leave. */
  entered(): void;
  /** The queue is full, or it has waited `queueTimeout`: `timeout` is that limit then, for the log. */
  refused(reason: string, timeout?: string): void;
  /** The backend has been taken out: it should look for another. */
  sentAway(): void;
}

interface Waiting {
  readonly waiter: GateWaiter;
  readonly timer: NodeJS.Timeout;
  /** Its number among all that have waited. */
  readonly ticket: number;
}

/**
 * The way into one backend: at most `max` exchanges at once, and a bounded queue before it (first come, first served).
 * Each exchange that has entered must leave exactly once, or its place is lost. Streams and tunnels give their place back when they begin,
 * because they may last for days: they have limits of their own, and still count for the backend (`inFlight`).
 *
 * An exchange whose client is still sending its body lasts as long as the client likes. Such exchanges get at most half of the places and half
 * of the queue, so that many slow senders cannot keep the others out. For clients that do not read their answers see {@link UnreadAnswers}.
 */
export class ConnectionGate {
  readonly #load: BackendLoad;
  readonly #queue = new Map<GateWaiter, Waiting>();
  /** Those whose clients are still sending. */
  readonly #senders = new Map<GateWaiter, Waiting>();
  #tickets = 0;
  #admitting = false;
  /** Exchanges that have entered and whose clients are still sending. */
  #sending = 0;
  /** Answers that hold places while their clients do not read. */
  readonly unread: UnreadAnswers;

  constructor(
    backend: Pick<LiveBackend, 'load'>,
    private limits: GateLimits,
  ) {
    this.#load = backend.load;
    this.#load.watch(() => this.#admitWaiting());
    this.unread = new UnreadAnswers(half(limits.max), () => this.waiting);
  }

  /** Takes other limits; those that wait get the places that there are more. */
  limitTo(limits: GateLimits): void {
    this.limits = limits;
    this.unread.most = half(limits.max);
    this.#admitWaiting();
  }

  /** Exchanges that may be in at once. */
  get max(): number {
    return this.limits.max;
  }

  /** Whether one more would be let wait. */
  get mayWait(): boolean {
    return this.waiting < this.limits.queue;
  }

  /** Exchanges that wait. */
  get waiting(): number {
    return this.#queue.size + this.#senders.size;
  }

  /** Exchanges that hold a place while their clients are still sending. */
  get sending(): number {
    return this.#sending;
  }

  /** A client that sends slowly keeps others from the backend. */
  get isShortOfSending(): boolean {
    return this.#senders.size > 0;
  }

  /** One that enters now need not wait. */
  get hasRoom(): boolean {
    return this.#queue.size === 0 && this.#load.taken < this.limits.max;
  }

  /** The same for one whose client is still sending, if it is. */
  hasRoomFor(isSending: boolean): boolean {
    return this.hasRoom && (!isSending || this.#mayBeginSending);
  }

  /** Enters at once if there is room. `isSending`: its client is still sending. */
  tryEnter(isSending = false): boolean {
    if (!this.hasRoomFor(isSending) || !this.#load.tryTake(this.limits.max)) return false;
    if (isSending) this.#sending++;
    return true;
  }

  /** Waits for room; a full queue refuses before this returns. */
  wait(waiter: GateWaiter): void {
    const queue = this.#queueOf(waiter);
    if (this.waiting >= this.limits.queue || (waiter.isSending === true && queue.size >= half(this.limits.queue))) {
      waiter.refused('the queue is full');
      return;
    }
    const timer = setTimeout(() => {
      queue.delete(waiter);
      this.#load.wait(-1);
      const limit = `connections.queueTimeout ${formatDuration(this.limits.queueTimeout)}`;
      waiter.refused('waited for connections.queueTimeout', limit);
    }, this.limits.queueTimeout);
    queue.set(waiter, { waiter, timer, ticket: this.#tickets++ });
    this.#load.wait(1);
    this.unread.othersWait();
  }

  /** Ends a wait. */
  giveUp(waiter: GateWaiter): void {
    const queue = this.#queueOf(waiter);
    const waiting = queue.get(waiter);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    queue.delete(waiter);
    this.#load.wait(-1);
  }

  /** Sends all away who wait. */
  clear(): void {
    const waiters = [...this.#queue.keys(), ...this.#senders.keys()];
    for (const waiter of waiters) this.giveUp(waiter);
    for (const waiter of waiters) waiter.sentAway();
  }

  /** One that has entered will last: its place is free for another, and it leaves by {@link leaveLongLived}. */
  outlast(): void {
    this.#load.last();
    this.#admitWaiting();
  }

  leaveLongLived(): void {
    this.#load.lasted();
  }

  /** The client of one that has entered has sent all: it is one like the others. */
  sent(): void {
    this.#sending--;
    if (this.#senders.size > 0) this.#admitWaiting();
  }

  /** `isSending`: its client is still sending. */
  leave(isSending = false): void {
    if (isSending) this.#sending--;
    this.#load.giveBack();
    if (this.waiting > 0) this.#admitWaiting();
  }

  get #mayBeginSending(): boolean {
    return this.#sending < half(this.limits.max);
  }

  #queueOf({ isSending }: GateWaiter): Map<GateWaiter, Waiting> {
    return isSending === true ? this.#senders : this.#queue;
  }

  /**
   * Lets in those that wait, as long as there are places. A loop, because one that is let in may leave within this very call: recursion over a long queue
   * would overflow the stack.
   */
  #admitWaiting(): void {
    if (this.#admitting) return;
    this.#admitting = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        if (!this.#load.tryTake(this.limits.max)) return;
        const { waiter, timer } = next;
        clearTimeout(timer);
        this.#queueOf(waiter).delete(waiter);
        this.#load.wait(-1);
        if (waiter.isSending === true) this.#sending++;
        waiter.entered();
      }
    } finally {
      this.#admitting = false;
    }
  }

  /** The first that may have the place. */
  #next(): Waiting | undefined {
    const [first] = this.#queue.values();
    const [sender] = this.#mayBeginSending ? this.#senders.values() : [];
    if (first === undefined || sender === undefined) return first ?? sender;
    return first.ticket < sender.ticket ? first : sender;
  }
}

/** Of one, all. */
function half(places: number): number {
  return Math.max(1, Math.floor(places / 2));
}
