import { Inject, Injectable, Optional } from '@nestjs/common';
import { THREAD, type Thread } from '../shared-memory/thread.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import { BackendControl } from '../upstream/control/backend-control.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { Circuit } from './circuit.js';

/** Finds the breaker of a backend by the names of both. */
interface Breakers {
  find(place: { readonly upstream: string; readonly backend: string }): CircuitBreaker | undefined;
}

/**
 * Has the circuits follow what is set for them by hand ({@link BackendControl}), in each thread: one that is held open stays so when another
 * configuration or discovery makes it anew. A circuit that has opened by itself while it is held is held, too. When the time is over, it closes.
 */
@Injectable()
export class CircuitsByHand {
  /** Another thread has counted the change, and has written its line. */
  readonly #isFollower: boolean;

  constructor(
    private readonly control: BackendControl,
    @Optional() @Inject(THREAD) thread?: Thread,
  ) {
    this.#isFollower = thread?.role === 'worker';
  }

  /** From now on what is set by hand reaches these circuits. Called once. */
  attach(breakers: Breakers): void {
    this.control.onChange(({ after, backend, before, upstream }) => {
      const [was, is] = [before?.circuit !== undefined, after?.circuit !== undefined];
      if (was === is) return;
      const breaker = breakers.find({ upstream, backend });
      if (!(breaker instanceof Circuit)) return;
      if (is) breaker.open(this.#isFollower);
      else breaker.close(this.#isFollower);
    });
    this.control.onAct(({ act, ...place }) => {
      const breaker = breakers.find(place);
      if (breaker instanceof Circuit) breaker[act](this.#isFollower);
    });
  }

  /** A circuit that may have been made anew is held open if it is to be. */
  hold({ backend, breaker, upstream }: Held): void {
    if (breaker instanceof Circuit && this.control.of(upstream, backend.id)?.circuit !== undefined)
      // It was counted when it was set.
      breaker.open(true);
  }
}

interface Held {
  readonly upstream: string;
  readonly backend: LiveBackend;
  readonly breaker: CircuitBreaker;
}
