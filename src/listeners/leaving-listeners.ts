import type { LongLived } from '../proxy/lasting/long-lived.js';
import type { Listener } from './listener.js';

/** Milliseconds for which what outlives its response may say goodbye: tunnels wait for the answer to their Close for five seconds. */
const farewellFor = 6_000;

/** Listeners that were removed, or whose address others have taken over, as long as they have connections. */
export class LeavingListeners implements Iterable<Listener> {
  readonly #timers = new Map<Listener, NodeJS.Timeout | undefined>();

  constructor(private readonly longLived: Pick<LongLived, 'drain'>) {}

  [Symbol.iterator](): Iterator<Listener> {
    return this.#timers.keys();
  }

  /** Has the clients of a listener go. Within `grace` milliseconds, when that is given; else what is in flight may last for ever. */
  add(listener: Listener, grace: number | undefined): void {
    listener.leave();
    if (listener.connections === 0) return listener.close();
    this.#wait(listener, grace, () => this.#end(listener));
    listener.whenEmpty = () => this.#empty(listener);
  }

  /** Ends none of them any more: the gateway shuts down, and cuts what is left itself. */
  halt(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #end(listener: Listener): void {
    listener.drain();
    this.#wait(listener, farewellFor, () => listener.cut('The listener was closed.'));
    this.longLived.drain(listener);
  }

  #wait(listener: Listener, time: number | undefined, then: () => void): void {
    this.#timers.set(listener, time === undefined ? undefined : setTimeout(then, time).unref());
  }

  #empty(listener: Listener): void {
    clearTimeout(this.#timers.get(listener));
    this.#timers.delete(listener);
    listener.close();
  }
}
