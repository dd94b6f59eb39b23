import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { didYouMean } from '../spelling/nearest.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { CircuitEvent } from './circuit-events.js';
import type { CircuitFactory } from './circuit-factory.js';
import type { CircuitName } from './circuit-names.js';

export type { CircuitEvent } from './circuit-events.js';

/** The breaker of one backend, with the names of the backend and its upstream. */
interface BackendCircuit {
  /** Name of the upstream. */
  readonly upstream: string;
  readonly backend: LiveBackend;
  readonly breaker: CircuitBreaker;
}

/** The circuit breakers of all backends, in the order of the configuration. */
@Injectable()
export class CircuitBreakers implements Iterable<BackendCircuit>, OnApplicationShutdown {
  /** Each change of a circuit, as it happens; completes when the gateway stops. What a subscriber throws is logged. */
  readonly events: Observable<CircuitEvent>;
  readonly #all: readonly BackendCircuit[];
  readonly #byBackend = new Map<LiveBackend, CircuitBreaker>();
  readonly #byName = new Map<string, CircuitBreaker>();

  constructor(
    circuits: readonly (BackendCircuit & { readonly name: CircuitName })[],
    private readonly factory: Pick<CircuitFactory, 'events' | 'close'>,
  ) {
    this.events = factory.events.stream;
    this.#all = circuits.map(({ upstream, backend, breaker }) => ({ upstream, backend, breaker }));
    for (const { name, backend, breaker } of circuits) {
      this.#byBackend.set(backend, breaker);
      for (const each of [name.short, name.full]) if (each !== undefined) this.#byName.set(each, breaker);
    }
  }

  /** The breaker of a backend. A breaker that is disabled by configuration admits every request. Throws for a backend of another gateway. */
  of(backend: LiveBackend): CircuitBreaker {
    const breaker = this.#byBackend.get(backend);
    if (breaker === undefined) throw new Error(`the backend "${backend.id}" is not one of this gateway`);
    return breaker;
  }

  /**
   * The breaker of the backend with this id, or `upstream/id` where several upstreams have a backend with this id. Throws an
   * Error that lists the known ones.
   */
  get(id: string): CircuitBreaker {
    const breaker = this.#byName.get(id);
    if (breaker !== undefined) return breaker;
    const known = [...this.#byName.keys()];
    throw new Error(`no circuit breaker is named "${id}"${didYouMean(id, known)} (known: ${known.join(', ')})`);
  }

  [Symbol.iterator](): Iterator<BackendCircuit> {
    return this.#all[Symbol.iterator]();
  }

  /** Ends all timers. The circuits keep their states. */
  close(): void {
    this.factory.close();
  }

  onApplicationShutdown(): void {
    this.close();
  }
}
