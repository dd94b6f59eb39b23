import { Injectable } from '@nestjs/common';
import type { BackendIds } from './backend-tally.js';

/** The state of one backend, for the gauges. */
export interface BackendState {
  /** Name of the upstream. */
  readonly upstream: string;
  readonly backend: { readonly id: string; readonly inFlight: number };
  /** True while it has no veto. */
  readonly available: boolean;
  /** Places at the backend, in this thread, whose client is still sending its request. */
  readonly sending?: number | undefined;
  /** Places at the backend, in this thread, whose client does not read its answer. */
  readonly unread?: number | undefined;
  /** Its connection pool in this thread; undefined: it has none. */
  readonly connections?: { readonly active: number; readonly idle: number; readonly pending: number } | undefined;
}

/** Bytes of memory that are used for slow clients. */
interface MemoryState {
  /** Bodies of requests that are buffered before they take a place at a backend. */
  readonly bodies: number;
  /** Answers that backends send faster than clients read them. */
  readonly answers: number;
}

/** What is left of the retry budget of an upstream, in this thread. */
interface BudgetState {
  /** Name of the upstream. */
  readonly upstream: string;
  /** Retries and hedged attempts that would be allowed now. */
  readonly left: number;
}

/** The open client connections of one listener. */
interface ListenerState {
  readonly listener: string;
  readonly connections: number;
}

/** The sources of gauges that show current state. The owner of a state registers a function here, which is called at each scrape. */
@Injectable()
export class MetricsSources {
  readonly #backends = new Set<() => Iterable<BackendState>>();
  readonly #listeners = new Set<() => Iterable<ListenerState>>();
  readonly #budgets = new Set<() => Iterable<BudgetState>>();
  readonly #memory = new Set<() => MemoryState>();

  /** Adds a source of backends, which is called at each scrape. Returns a function that removes the source. */
  addBackends(source: () => Iterable<BackendState>): () => void {
    this.#backends.add(source);
    return () => void this.#backends.delete(source);
  }

  /** Adds listeners, in the same way. */
  addListeners(source: () => Iterable<ListenerState>): () => void {
    this.#listeners.add(source);
    return () => void this.#listeners.delete(source);
  }

  /** Adds a source of the memory used for slow clients, in the same way. */
  addMemory(source: () => MemoryState): () => void {
    this.#memory.add(source);
    return () => void this.#memory.delete(source);
  }

  /** Adds a source of retry budgets, in the same way. */
  addBudgets(source: () => Iterable<BudgetState>): () => void {
    this.#budgets.add(source);
    return () => void this.#budgets.delete(source);
  }

  *backends(): Iterable<BackendState> {
    for (const source of this.#backends) yield* source();
  }

  /** The ids of the backends that there are now, by upstream. Empty while no source is there. */
  backendIds(): BackendIds {
    const ids = new Map<string, Set<string>>();
    for (const { upstream, backend } of this.backends()) {
      const known = ids.get(upstream);
      if (known === undefined) ids.set(upstream, new Set([backend.id]));
      else known.add(backend.id);
    }
    return ids;
  }

  *listeners(): Iterable<ListenerState> {
    for (const source of this.#listeners) yield* source();
  }

  *budgets(): Iterable<BudgetState> {
    for (const source of this.#budgets) yield* source();
  }

  *memory(): Iterable<MemoryState> {
    for (const source of this.#memory) yield source();
  }
}
