import type { Logger } from 'pino';

/** The graceful end of several workers as one. */
export class Drain {
  readonly #counts: Record<string, number> = {};
  /** Workers that still have to tell what they drain. */
  readonly #silent = new Set<number>();
  /** Workers that have not ended. */
  readonly #left = new Set<number>();
  #cut = 0;
  readonly #done = Promise.withResolvers<number>();

  constructor(private readonly log: Logger) {}

  /** Resolves with the exchanges that were cut when these workers have ended. */
  wait(workers: Iterable<number>): Promise<number> {
    for (const worker of workers) {
      this.#silent.add(worker);
      this.#left.add(worker);
    }
    if (this.#left.size === 0) this.#done.resolve(0);
    return this.#done.promise;
  }

  /** What a worker drains; one line for all when the last has told. */
  told(worker: number, counts: Readonly<Record<string, number>>): void {
    for (const [name, count] of Object.entries(counts)) this.#counts[name] = (this.#counts[name] ?? 0) + count;
    this.#hasTold(worker);
  }

  ended(worker: number, cut: number): void {
    this.#cut += cut;
    this.gone(worker);
  }

  /** A worker has ended, or died. */
  gone(worker: number): void {
    this.#hasTold(worker);
    if (this.#left.delete(worker) && this.#left.size === 0) this.#done.resolve(this.#cut);
  }

  #hasTold(worker: number): void {
    if (this.#silent.delete(worker) && this.#silent.size === 0) this.log.info(this.#counts, 'draining');
  }
}
