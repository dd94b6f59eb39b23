import { Automaton } from './automaton.js';
import { PatternError } from './pattern-error.js';
import { compileProgram } from './program.js';
import { Steps, StepsSpent } from './steps.js';
import { PatternReader } from './syntax.js';

const longestSource = 4096;
/** Steps that one text may take by default: some ten milliseconds. */
const mostSteps = 2 ** 19;

/** Memory for the states that a pattern keeps from its texts, in numbers of 8 bytes. */
const mostHeld = 4096;

/**
 * A regular expression of ECMAScript, matched anywhere in a text unless it is anchored, in time linear in the text. Groups do
 * not capture, and there are no back references, no look-around and no modifier `m`. Read as with the flag `u`, except that any
 * punctuation may be escaped. It never holds more than some 100 kB of memory.
 */
export class Pattern {
  readonly #automaton: Automaton;
  readonly #steps = new Steps(mostSteps);

  /** `held`: memory for states, in numbers of 8 bytes. @throws PatternError whose message says what to change. */
  constructor(
    readonly source: string,
    held: number = mostHeld,
  ) {
    this.#automaton = compile(source, held);
  }

  /** Whether it matches. False when that would take more than half a million steps, which only texts made for that purpose need. */
  test(text: string): boolean {
    this.#steps.reset(mostSteps);
    try {
      return this.#automaton.test(text, this.#steps);
    } catch (error) {
      if (error instanceof StepsSpent) return false;
      throw error;
    }
  }

  /** The same, with steps taken from a budget that other checks share. @throws StepsSpent */
  testWithin(steps: Steps, text: string): boolean {
    return this.#automaton.test(text, steps);
  }

  /** Memory that its states hold, in numbers of 8 bytes. */
  get held(): number {
    return this.#automaton.held;
  }

  /** The pattern for people: `/^v[0-9]+$/`. */
  toString(): string {
    return `/${this.source}/`;
  }
}

function compile(source: string, held: number): Automaton {
  if (source.length > longestSource) throw new PatternError(`is longer than ${longestSource} characters`);
  try {
    // RegExp checks the syntax completely; the meaning is read by our own reader.
    RegExp(source);
    return new Automaton(compileProgram(new PatternReader(source).read()), held);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const why = error.message.replace(/^Invalid regular expression: (?:\/.*\/\w*: )?/s, '');
    const advice = /\(\?[ims]+\)/.test(source) ? '; a modifier goes with what it is for: (?i:…)' : '';
    throw new PatternError(`does not compile: ${why}${advice}`);
  }
}
