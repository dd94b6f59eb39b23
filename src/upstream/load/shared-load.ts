import type { BackendLoad } from './backend-load.js';
import { Share, Total, type LoadMemory } from './load-memory.js';
import type { SharedClock } from '../../shared-memory/shared-clock.js';

/**
 * Milliseconds for which a thread leaves the places that it gives back to exchanges that wait in other threads. A thread that is never without exchanges
 * would otherwise take each of its places again before any other thread has woken up.
 */
const lead = 1;

/** The load of a backend in memory that threads share: a cell of a `LoadTable`. */
export class SharedLoad implements BackendLoad {
  readonly latency: Float64Array;
  readonly #words: Int32Array;
  readonly #clock: SharedClock;
  readonly #taken: number;
  readonly #lasting: number;
  readonly #waiting: number;
  readonly #freed: number;
  readonly #ownTaken: number;
  readonly #ownLasting: number;
  readonly #ownWaiting: number;
  #retry: (() => void) | undefined;
  #isWatching = false;
  /** Set while places that this thread has given back are left to others. */
  #leaving: NodeJS.Timeout | undefined;

  constructor(memory: LoadMemory, cell: number, thread: number, clock: SharedClock) {
    this.latency = memory.latencyOf(cell);
    this.#words = memory.words;
    this.#clock = clock;
    const at = cell * memory.stride;
    const share = memory.shareAt(cell, thread);
    this.#taken = at + Total.taken;
    this.#lasting = at + Total.lasting;
    this.#waiting = at + Total.waiting;
    this.#freed = at + Total.freed;
    this.#ownTaken = share + Share.taken;
    this.#ownLasting = share + Share.lasting;
    this.#ownWaiting = share + Share.waiting;
  }

  get taken(): number {
    return Atomics.load(this.#words, this.#taken);
  }

  get inFlight(): number {
    return Atomics.load(this.#words, this.#taken) + Atomics.load(this.#words, this.#lasting);
  }

  tryTake(max: number): boolean {
    if (this.#leaving !== undefined) return false;
    const words = this.#words;
    let taken = Atomics.load(words, this.#taken);
    while (taken < max) {
      const found = Atomics.compareExchange(words, this.#taken, taken, taken + 1);
      if (found === taken) {
        Atomics.add(words, this.#ownTaken, 1);
        return true;
      }
      taken = found;
    }
    return false;
  }

  giveBack(): void {
    Atomics.sub(this.#words, this.#ownTaken, 1);
    Atomics.sub(this.#words, this.#taken, 1);
    this.#free();
  }

  last(): void {
    Atomics.add(this.#words, this.#ownLasting, 1);
    Atomics.add(this.#words, this.#lasting, 1);
    this.giveBack();
  }

  lasted(): void {
    Atomics.sub(this.#words, this.#ownLasting, 1);
    Atomics.sub(this.#words, this.#lasting, 1);
  }

  wait(more: number): void {
    Atomics.add(this.#words, this.#ownWaiting, more);
    Atomics.add(this.#words, this.#waiting, more);
    if (!this.#isWatching) this.#watch();
    // Another thread may have given a place back before it could see that this one waits.
    else if (more > 0) queueMicrotask(this.#retry!);
  }

  get isWantedElsewhere(): boolean {
    const waiting = Atomics.load(this.#words, this.#waiting);
    return waiting > 0 && waiting > Atomics.load(this.#words, this.#ownWaiting);
  }

  watch(retry: () => void): void {
    this.#retry = retry;
  }

  now(): number {
    return this.#clock.now() / 1e6;
  }

  #free(): void {
    if (Atomics.load(this.#words, this.#waiting) === 0) return;
    Atomics.add(this.#words, this.#freed, 1);
    Atomics.notify(this.#words, this.#freed);
    if (this.#leaving !== undefined || !this.isWantedElsewhere) return;
    this.#leaving = setTimeout(() => {
      this.#leaving = undefined;
      this.#retry?.();
    }, lead);
  }

  /** Waits for places that other threads give back, as long as exchanges of this thread want one. */
  #watch(): void {
    if (this.#isWatching || this.#retry === undefined) return;
    if (Atomics.load(this.#words, this.#ownWaiting) <= 0) return;
    this.#isWatching = true;
    const seen = Atomics.load(this.#words, this.#freed);
    // A place may have been given back before `seen` was read.
    queueMicrotask(this.#retry);
    const { async, value } = Atomics.waitAsync(this.#words, this.#freed, seen);
    if (async) void value.then(() => this.#woken());
    else queueMicrotask(() => this.#woken());
  }

  #woken(): void {
    this.#isWatching = false;
    this.#retry?.();
    this.#watch();
  }
}
