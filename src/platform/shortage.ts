/** What is told of a shortage of descriptors. */
export interface ShortageReport {
  /** It has begun. `limit`: descriptors that the process may have open; Infinity when that is not known. */
  began(limit: number): void;
  /** It is over: nothing was refused for a minute. `refused`: connections that could not be opened in it. */
  ended(refused: number): void;
}

/** Milliseconds without a refusal after which a shortage is over: a log has at most two lines a minute of it, however many are refused. */
const quiet = 60_000;

/** Descriptors that have run out: tells when that begins and when it is over, not each connection that it concerns. */
export class Shortage {
  readonly #reports = new Set<ShortageReport>();
  #refused = 0;
  #refusedBefore = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly limit: number) {}

  /** Tells `report` from now on. @returns a function that ends this. */
  watch(report: ShortageReport): () => void {
    this.#reports.add(report);
    return () => void this.#reports.delete(report);
  }

  /** A connection could not be opened for want of a descriptor. */
  met(): void {
    this.#refused++;
    if (this.#timer !== undefined) return;
    this.#refusedBefore = 0;
    this.#timer = setInterval(() => this.#look(), quiet).unref();
    for (const report of this.#reports) report.began(this.limit);
  }

  #look(): void {
    const refused = this.#refused;
    if (refused > this.#refusedBefore) {
      this.#refusedBefore = refused;
      return;
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#refused = 0;
    for (const report of this.#reports) report.ended(refused);
  }
}
