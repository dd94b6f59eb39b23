import type { PlainConfig } from '../config/loading/plain-config.js';
import type { KnownState, Ports, ToMain, ToWorker, WorkerListener } from './messages.js';

/** Milliseconds within which all workers must have prepared. */
const patience = 60_000;

/** What the rounds use of a worker. */
export interface RoundWorker {
  readonly index: number;
  /** It carries traffic. */
  readonly isListening: boolean;
  post(message: ToWorker): void;
  beginReading(): void;
  endReading(): void;
  /** Ends it, so that another takes its place. */
  kill(): Promise<void>;
}

/** A configuration that the workers prepare. */
export interface Round {
  readonly id: number;
  /** What the workers will listen on; undefined: none runs that could say. */
  readonly listeners: readonly WorkerListener[] | undefined;
}

type Answer = PromiseWithResolvers<readonly WorkerListener[]>;

/** Has all workers prepare for a configuration, and then take it, or let it go. */
export class Rounds<W extends RoundWorker = RoundWorker> {
  #last = 0;
  /** The workers that were asked, by the rounds that are not settled, and what has them answer. */
  readonly #asked = new Map<number, Map<W, Answer>>();

  constructor(private readonly workers: () => Iterable<W>) {}

  /** A configuration is prepared, or about to take effect. */
  get isUnderWay(): boolean {
    return this.#asked.size > 0;
  }

  /**
   * Resolves when all workers that carry traffic have prepared. The first goes ahead where the system has to choose a port. Rejects with the reason of
   * the first that cannot; all let it go then.
   */
  async prepare(config: PlainConfig, ports: Ports): Promise<Round> {
    const id = this.#begin();
    try {
      const [first, ...others] = [...this.workers()].filter(({ isListening }) => isListening);
      if (first === undefined) return { id, listeners: undefined };
      const listeners = await this.#ask(id, first, config, ports);
      const chosen = Object.fromEntries(
        listeners.flatMap(({ name, port }) => (port === undefined ? [] : [[name, port]])),
      );
      await Promise.all(others.map(worker => this.#ask(id, worker, config, { ...chosen, ...ports })));
      return { id, listeners };
    } catch (error) {
      this.#settle(id, 'discard');
      throw error;
    }
  }

  /** All workers take it. Gives those that carry traffic and have not prepared it, because they did not yet when it began. */
  commit({ id }: Round): readonly W[] {
    const asked = this.#settle(id, 'commit');
    return [...this.workers()].filter(worker => worker.isListening && !asked.has(worker));
  }

  /** All workers let it go. */
  discard({ id }: Round): void {
    this.#settle(id, 'discard');
  }

  /**
   * Has one worker, which has begun with another configuration, take this one, and know what it could not have understood before. Resolves with what it
   * listens on; undefined: it cannot, and one that begins with the right configuration takes its place.
   */
  async follow(
    worker: W,
    config: PlainConfig,
    ports: Ports,
    known: () => KnownState,
  ): Promise<readonly WorkerListener[] | undefined> {
    const id = this.#begin();
    try {
      const listeners = await this.#ask(id, worker, config, ports);
      this.#settle(id, 'commit');
      worker.post({ kind: 'know', state: known() });
      return listeners;
    } catch {
      this.#settle(id, 'discard');
      await worker.kill();
      return undefined;
    }
  }

  heard(worker: W, message: ToMain & { readonly kind: 'prepared' | 'cannot' }): void {
    const answer = this.#asked.get(message.round)?.get(worker);
    if (message.kind === 'prepared') answer?.resolve(message.listeners);
    else answer?.reject(new Error(message.message));
  }

  /** A worker has died: its successor begins with what is in force. */
  gone(worker: W): void {
    for (const asked of this.#asked.values()) {
      asked.get(worker)?.reject(deathOf(worker));
    }
  }

  #begin(): number {
    this.#asked.set(++this.#last, new Map());
    return this.#last;
  }

  /** Gives the workers that were asked. */
  #settle(id: number, kind: 'commit' | 'discard'): ReadonlyMap<W, Answer> {
    const asked = this.#asked.get(id) ?? new Map<W, Answer>();
    this.#asked.delete(id);
    for (const [worker, answer] of asked) {
      answer.reject(new Error('another worker has refused it'));
      worker.endReading();
      worker.post({ kind, round: id });
    }
    return asked;
  }

  async #ask(id: number, worker: W, config: PlainConfig, ports: Ports): Promise<readonly WorkerListener[]> {
    // It has died while another was asked.
    if (!worker.isListening) throw deathOf(worker);
    const answer = Promise.withResolvers<readonly WorkerListener[]>();
    this.#asked.get(id)!.set(worker, answer);
    worker.beginReading();
    worker.post({ kind: 'prepare', round: id, config, ports });
    const late = setTimeout(() => answer.reject(new Error(`worker ${worker.index} did not answer in time`)), patience);
    try {
      return await answer.promise;
    } finally {
      clearTimeout(late);
    }
  }
}

function deathOf({ index }: RoundWorker): Error {
  return new Error(`worker ${index} died while it prepared: try again`);
}
