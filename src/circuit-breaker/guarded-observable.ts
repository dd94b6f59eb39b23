import { Observable, Subscriber, type Observer, type Operator, type Subscription, type TeardownLogic } from 'rxjs';

/**
 * An Observable whose subscribers may throw, also behind operators. RxJS turns their errors into uncaught exceptions, which end
 * the process; here `report` gets them.
 */
export class GuardedObservable<T> extends Observable<T> {
  readonly #report: (error: unknown) => void;

  constructor(report: (error: unknown) => void, subscribe?: (subscriber: Subscriber<T>) => TeardownLogic) {
    super(subscribe);
    this.#report = report;
  }

  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new GuardedObservable<R>(this.#report);
    lifted.source = this;
    lifted.operator = operator;
    return lifted;
  }

  override subscribe(
    observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // This subscriber is an operator, which passes errors on to the next subscriber.
    if (observerOrNext instanceof Subscriber) return super.subscribe(observerOrNext);
    const observer: Partial<Observer<T>> =
      typeof observerOrNext === 'function' ? { next: observerOrNext } : { ...bound(observerOrNext ?? {}) };
    const fail = observer.error ?? error ?? this.#report;
    const done = observer.complete ?? complete;
    return super.subscribe({
      next: value => this.#guard(() => observer.next?.(value)),
      error: (cause: unknown) => this.#guard(() => fail(cause)),
      complete: () => this.#guard(() => done?.()),
    });
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#report(error);
    }
  }
}

/** An observer may be an instance of a class: its methods need their `this`, and do not survive a spread. */
function bound<T>(observer: Partial<Observer<T>>): Partial<Observer<T>> {
  const { next, error, complete } = observer;
  return {
    ...(next && { next: (value: T) => next.call(observer, value) }),
    ...(error && { error: (cause: unknown) => error.call(observer, cause) }),
    ...(complete && { complete: () => complete.call(observer) }),
  };
}
