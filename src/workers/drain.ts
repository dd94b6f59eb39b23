import type { Logger } from 'pino';

/** The graceful end of several workers as one. */
export class Drain {
  #counts: Record<string, number> = {};
  #told = 0;
  #cut = 0;
  #left = 0;
  #most = 0;
  readonly #ended = new Set<number>();
  readonly #done = Promise.withResolvers<number>();

  constructor(private readonly log: Logger) {}

  /** Resolves with the exchanges that were cut when so many workers have ended. */
  wait(workers: number): Promise<number> {
    this.#left = this.#most = workers;
    if (workers === 0) this.#done.resolve(0);
    return this.#done.promise;
  }

  /** What a worker drains; one line for all when the last has told. */
  told(counts: Readonly<Record<string, number>>): void {
    for (const [name, count] of Object.entries(counts)) this.#counts[name] = (this.#counts[name] ?? 0) + count;
    if (++this.#told === this.#most) this.log.info(this.#counts, 'draining');
  }

  ended(worker: number, cut: number): void {
    this.#cut += cut;
    this.gone(worker);
  }

  /** A worker has ended, or died. */
  gone(worker: number): void {
    if (this.#ended.has(worker)) return;
    this.#ended.add(worker);
    if (--this.#left === 0) this.#done.resolve(this.#cut);
  }
}
