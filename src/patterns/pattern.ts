import { Automaton } from './automaton.js';
import { PatternError } from './pattern-error.js';
import { compileProgram } from './program.js';
import { Steps, StepsSpent } from './steps.js';
import { PatternReader } from './syntax.js';

const longestSource = 4096;
/** Steps that one text may take where nothing else bounds them: some ten milliseconds. */
const mostSteps = 2 ** 19;

/** Numbers of 8 bytes that a pattern may hold for what it has learned of its texts. */
const mostHeld = 4096;

/**
 * A regular expression of ECMAScript, matched anywhere in a text unless it is anchored, in time that grows with the text and never
 * faster. Groups do not capture, and there are no back references, no look-around and no modifier `m`. Read as with the flag `u`, but
 * that any punctuation may be escaped. It holds some 100 kB at most, whatever it is tried on.
 */
export class Pattern {
  readonly #automaton: Automaton;
  readonly #steps = new Steps(mostSteps);

  /** `held`: numbers of 8 bytes for what it learns of its texts. @throws PatternError that says what to do about it. */
  constructor(
    readonly source: string,
    held: number = mostHeld,
  ) {
    this.#automaton = compile(source, held);
  }

  /** Whether it matches; not where that would take more than half a million steps, which only a text that was made for it does. */
  test(text: string): boolean {
    this.#steps.reset(mostSteps);
    try {
      return this.#automaton.test(text, this.#steps);
    } catch (error) {
      if (error instanceof StepsSpent) return false;
      throw error;
    }
  }

  /** The same, in steps that are shared with others. @throws StepsSpent */
  testWithin(steps: Steps, text: string): boolean {
    return this.#automaton.test(text, steps);
  }

  /** Numbers of 8 bytes that it holds for what it has learned. */
  get held(): number {
    return this.#automaton.held;
  }

  /** As it is shown: `/^v[0-9]+$/`. */
  toString(): string {
    return `/${this.source}/`;
  }
}

function compile(source: string, held: number): Automaton {
  if (source.length > longestSource) throw new PatternError(`is longer than ${longestSource} characters`);
  try {
    // It knows all that can be wrong with its syntax; what it takes is read here.
    RegExp(source);
    return new Automaton(compileProgram(new PatternReader(source).read()), held);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const why = error.message.replace(/^Invalid regular expression: (?:\/.*\/\w*: )?/s, '');
    const advice = /\(\?[ims]+\)/.test(source) ? '; a modifier goes with what it is for: (?i:…)' : '';
    throw new PatternError(`does not compile: ${why}${advice}`);
  }
}
