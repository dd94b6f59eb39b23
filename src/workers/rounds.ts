import type { PlainConfig } from '../config/loading/plain-config.js';
import type { Ports, ToMain, WorkerListener } from './messages.js';
import type { WorkerHandle } from './worker-handle.js';

/** Milliseconds within which all workers must have prepared. */
const patience = 60_000;

/** A configuration that the workers prepare. */
interface Round {
  readonly id: number;
  /** What the first worker that has answered will listen on. */
  listeners: readonly WorkerListener[];
}

/** The workers that have to answer, and what has them answer. */
interface Asked {
  readonly waiting: Map<WorkerHandle, PromiseWithResolvers<readonly WorkerListener[]>>;
}

/** Has all workers prepare for a configuration, and then take it, or let it go. */
export class Rounds {
  #last = 0;
  readonly #asked = new Map<number, Asked>();

  constructor(private readonly workers: () => Iterable<WorkerHandle>) {}

  /**
   * Resolves when all workers have prepared. The first goes ahead where the system has to choose a port. Rejects with the reason of the first that
   * cannot; all let it go then.
   */
  async prepare(config: PlainConfig, ports: Ports): Promise<Round> {
    const round: Round = { id: ++this.#last, listeners: [] };
    const asked: Asked = { waiting: new Map() };
    this.#asked.set(round.id, asked);
    try {
      const [first, ...others] = [...this.workers()].filter(({ isListening }) => isListening);
      if (first === undefined) throw new Error('no worker runs now: try again');
      round.listeners = await this.#ask(round, asked, first, config, ports);
      const chosen = Object.fromEntries(
        round.listeners.flatMap(({ name, port }) => (port === undefined ? [] : [[name, port]])),
      );
      await Promise.all(others.map(worker => this.#ask(round, asked, worker, config, { ...chosen, ...ports })));
      return round;
    } catch (error) {
      this.settle(round, 'discard');
      throw error;
    }
  }

  /** All workers take it, or let it go. */
  settle(round: Round, kind: 'commit' | 'discard'): void {
    this.#asked.delete(round.id);
    for (const worker of this.workers()) {
      worker.isReading &&= !worker.isListening;
      worker.post({ kind, round: round.id });
    }
  }

  /** Has one worker, which has begun with another configuration, take this one. */
  async follow(worker: WorkerHandle, config: PlainConfig, ports: Ports): Promise<void> {
    const round: Round = { id: ++this.#last, listeners: [] };
    const asked: Asked = { waiting: new Map() };
    this.#asked.set(round.id, asked);
    try {
      await this.#ask(round, asked, worker, config, ports);
      worker.post({ kind: 'commit', round: round.id });
    } catch {
      // Not even its peers know what to do with it: another one begins with the right one.
      await worker.terminate();
    } finally {
      this.#asked.delete(round.id);
      worker.isReading = false;
    }
  }

  heard(worker: WorkerHandle, message: ToMain & { readonly kind: 'prepared' | 'cannot' }): void {
    const waiting = this.#asked.get(message.round)?.waiting.get(worker);
    if (message.kind === 'prepared') waiting?.resolve(message.listeners);
    else waiting?.reject(new Error(message.message));
  }

  /** A worker has died: its successor begins with what is in force. */
  gone(worker: WorkerHandle): void {
    for (const { waiting } of this.#asked.values()) {
      waiting.get(worker)?.reject(new Error(`worker ${worker.index} died while it prepared: try again`));
    }
  }

  async #ask(
    { id }: Round,
    { waiting }: Asked,
    worker: WorkerHandle,
    config: PlainConfig,
    ports: Ports,
  ): Promise<readonly WorkerListener[]> {
    const answer = Promise.withResolvers<readonly WorkerListener[]>();
    waiting.set(worker, answer);
    worker.isReading = true;
    worker.post({ kind: 'prepare', round: id, config, ports });
    const late = setTimeout(() => answer.reject(new Error(`worker ${worker.index} did not answer in time`)), patience);
    try {
      return await answer.promise;
    } finally {
      clearTimeout(late);
    }
  }
}
