import { Subject, type Observable } from 'rxjs';
import type { CircuitState } from './circuit-breaker.js';
import { GuardedObservable } from './guarded-observable.js';

/** A circuit has changed its state. */
export interface CircuitEvent {
  /** Name of the upstream. */
  readonly upstream: string;
  /** Id of the backend. */
  readonly backend: string;
  /** The state before. */
  readonly from: CircuitState;
  /** The state now. */
  readonly to: CircuitState;
  /**
   * For people: `12 of 20 requests failed`, `20 hard failures in a row`, `openFor is over`, `the trial succeeded`, `the trial failed`,
   * `the answer of the trial broke`, `the trial was answered, and no other backend is left`, `by hand`.
   */
  readonly reason: string;
  /** Milliseconds for which a circuit that has opened stays open; Infinity: by hand, until it is closed. */
  readonly openFor?: number;
  /** Another thread of the gateway has decided it, and has said so there. */
  readonly isFollowed?: boolean;
}

/**
 * The changes of all circuits, as they happen. A subscriber is called right after the change and may open or close circuits
 * itself; all subscribers see the events in the same order. An error that it throws is reported, and harms neither the request
 * nor other subscribers.
 */
export class CircuitEvents {
  readonly #subject = new Subject<CircuitEvent>();
  readonly #waiting: CircuitEvent[] = [];
  #publishing = false;
  readonly stream: Observable<CircuitEvent>;

  /** `report` gets what subscribers throw. */
  constructor(report: (error: unknown) => void) {
    this.stream = new GuardedObservable(report, subscriber => this.#subject.subscribe(subscriber));
  }

  publish(event: CircuitEvent): void {
    this.#waiting.push(event);
    if (this.#publishing) return;
    this.#publishing = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#subject.next(next);
    this.#publishing = false;
  }

  /** Completes the stream. */
  close(): void {
    this.#subject.complete();
  }
}
