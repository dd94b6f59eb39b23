/** Runs a few pieces of work at a time and lets a few more wait, first come, first served. */
export class WorkQueue {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(
    private readonly maxRunning: number,
    private readonly maxWaiting: number,
  ) {}

  /** Undefined when as many wait as may. */
  run<T>(work: () => Promise<T>): Promise<T> | undefined {
    if (this.#running < this.maxRunning) {
      this.#running++;
      return this.#end(work());
    }
    if (this.#waiting.length >= this.maxWaiting) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return promise.then(() => this.#end(work()));
  }

  /** Whoever is next takes over the place of the one that has ended. */
  async #end<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
