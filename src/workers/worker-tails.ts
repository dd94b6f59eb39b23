import type { TailFilter } from '../logging/tail/tail-filter.js';
import type { TailSource, TakeBatch } from '../logging/tail/tail.js';
import type { ToMain, ToWorker } from './messages.js';

/** What is used of a worker whose exchanges are watched. */
interface WatchedWorker {
  post(message: ToWorker): void;
}

/** Shows the exchanges of all workers to watchers. Each worker filters, and holds what waits; each is asked for more when its lines were taken. */
export class WorkerTails implements TailSource {
  readonly #watching = new Map<number, { readonly filter: TailFilter; readonly take: TakeBatch }>();

  constructor(private readonly workers: () => Iterable<WatchedWorker>) {}

  watch(id: number, filter: TailFilter, take: TakeBatch): void {
    this.#watching.set(id, { filter, take });
    for (const worker of this.workers()) worker.post({ kind: 'tail', id, filter });
  }

  unwatch(id: number): void {
    if (!this.#watching.delete(id)) return;
    for (const worker of this.workers()) worker.post({ kind: 'untail', id });
  }

  /** A worker begins: it is watched as the others are. */
  begin(worker: WatchedWorker): void {
    for (const [id, { filter }] of this.#watching) worker.post({ kind: 'tail', id, filter });
  }

  heard(worker: WatchedWorker, { batch, id }: ToMain & { readonly kind: 'tail' }): void {
    this.#watching.get(id)?.take(batch, () => worker.post({ kind: 'tail-next', id }));
  }
}
