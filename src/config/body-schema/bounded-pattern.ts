import { patternDegree } from '../kinds/pattern-degree.js';

/** How many steps the patterns of one body may take together: less than a tenth of a second. */
const mostSteps = 2 ** 22;

/** The longest text that a pattern of this degree is tried on, in characters. */
export function longestFor(degree: number): number {
  return Math.floor(mostSteps ** (1 / degree));
}

/** What the patterns have left for the body that is being looked at. */
export class PatternSteps {
  #left = mostSteps;

  /** Begins with another body. */
  reset(): void {
    this.#left = mostSteps;
  }

  /** False: there are not so many left. */
  take(steps: number): boolean {
    this.#left -= steps;
    return this.#left >= 0;
  }
}

/**
 * A `pattern` of a schema. One whose time may grow faster than the text takes its steps from those of the body; when they
 * are used up it no longer matches.
 */
export class BoundedPattern {
  readonly #expression: RegExp;
  readonly #degree: number;

  constructor(
    source: string,
    flags: string,
    private readonly steps: PatternSteps,
  ) {
    this.#expression = new RegExp(source, flags);
    this.#degree = patternDegree(source);
  }

  test(text: string): boolean {
    if (this.#degree > 1 && !this.steps.take(text.length ** this.#degree)) return false;
    return this.#expression.test(text);
  }

  /** Ajv tells patterns apart by this. */
  toString(): string {
    return this.#expression.toString();
  }
}
