import { Injectable } from '@nestjs/common';

/** The state of one backend, as the gauges show it. */
export interface BackendState {
  /** Name of the upstream. */
  readonly upstream: string;
  readonly backend: { readonly id: string; readonly inFlight: number };
  /** True while it has no veto. */
  readonly available: boolean;
  /** Of the places at it in this thread, those that are held while a client is still sending. */
  readonly sending?: number | undefined;
  /** The same for those that are held while a client does not read its answer. */
  readonly unread?: number | undefined;
  /** Its connection pool in this thread, where there is one. */
  readonly connections?: { readonly active: number; readonly idle: number; readonly pending: number } | undefined;
}

/** Bytes that are kept for slow clients. */
export interface MemoryState {
  /** Bodies that are gathered before they take a place at a backend. */
  readonly bodies: number;
  /** Answers that are read faster than their clients take them. */
  readonly answers: number;
}

/** The open client connections of one listener. */
export interface ListenerState {
  readonly listener: string;
  readonly connections: number;
}

/** What the gauges that mirror state are read from, at the moment of a scrape. Whoever owns the state registers it here. */
@Injectable()
export class MetricsSources {
  readonly #backends = new Set<() => Iterable<BackendState>>();
  readonly #listeners = new Set<() => Iterable<ListenerState>>();
  readonly #memory = new Set<() => MemoryState>();

  /** Adds backends. The function is called at each scrape; what is returned takes the source away again. */
  addBackends(source: () => Iterable<BackendState>): () => void {
    this.#backends.add(source);
    return () => void this.#backends.delete(source);
  }

  /** Adds listeners, in the same way. */
  addListeners(source: () => Iterable<ListenerState>): () => void {
    this.#listeners.add(source);
    return () => void this.#listeners.delete(source);
  }

  /** Adds memory that is kept for slow clients, in the same way. */
  addMemory(source: () => MemoryState): () => void {
    this.#memory.add(source);
    return () => void this.#memory.delete(source);
  }

  *backends(): Iterable<BackendState> {
    for (const source of this.#backends) yield* source();
  }

  *listeners(): Iterable<ListenerState> {
    for (const source of this.#listeners) yield* source();
  }

  *memory(): Iterable<MemoryState> {
    for (const source of this.#memory) yield source();
  }
}
