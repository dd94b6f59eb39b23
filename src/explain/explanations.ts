import type { Explanation } from './explanation.js';

/** Explanations that are kept. */
export const mostKept = 200;
/** Milliseconds for which one is kept. */
export const keptFor = 15 * 60_000;

/** The explanations of real requests, by the ids of these: the last 200, for a quarter of an hour each. */
export class Explanations {
  readonly #kept = new Map<string, { readonly explanation: Explanation; readonly until: number }>();
  #listener: ((explanation: Explanation) => void) | undefined;

  /** Keeps one, in the place of an earlier one of the same request. */
  keep(explanation: Explanation): void {
    const { id } = explanation;
    if (id === undefined) return;
    this.#kept.delete(id);
    this.#kept.set(id, { explanation, until: performance.now() + keptFor });
    this.#tidy();
    this.#listener?.(explanation);
  }

  /** The same of one that another thread has made. `text`: as JSON. */
  keepText(text: string): void {
    this.keep(JSON.parse(text) as Explanation);
  }

  /** Undefined: it is not known, or not any more. */
  find(id: string): Explanation | undefined {
    this.#tidy();
    return this.#kept.get(id)?.explanation;
  }

  /** Of those that are kept, the newest first. */
  get ids(): readonly string[] {
    this.#tidy();
    return [...this.#kept.keys()].reverse();
  }

  /** Has `listener` called for each that is kept: to tell another thread. It must not throw. */
  onKept(listener: (explanation: Explanation) => void): void {
    this.#listener = listener;
  }

  #tidy(): void {
    const now = performance.now();
    for (const [id, { until }] of this.#kept) {
      if (until > now && this.#kept.size <= mostKept) return;
      this.#kept.delete(id);
    }
  }
}
