import { BoundedExpression } from './bounded-expression.js';
import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';
import { shapeOf } from './pattern-danger.js';
import { patternDegree } from './pattern-degree.js';

const longest = 512;

/** How many steps one value may take: about ten milliseconds. */
const mostSteps = 2 ** 20;

/** An expression that may be tried on shorter values only is refused. */
const leastUseful = 32;

/**
 * A regular expression, matched anywhere in the value unless it is anchored. At most 512 characters; shapes that can take
 * exponential time on a hostile value (a repetition inside a repetition, back references) are refused. One whose time may
 * grow faster than the value matches no value that is too long for it.
 */
export const pattern: Kind<RegExp> = {
  label: 'regular expression',
  expected: 'a regular expression such as ^v[0-9]+$',
  schema: { type: 'string', format: 'regex', minLength: 1, maxLength: longest },
  parse(raw) {
    if (typeof raw !== 'string' || raw === '') return new Invalid(raw, this.expected);
    if (raw.length > longest) return new Invalid(raw, `${this.expected} of at most ${longest} characters`);
    try {
      const most = longestValue(new RegExp(raw).source);
      return typeof most === 'number'
        ? new BoundedExpression(raw, most)
        : new Invalid(raw, this.expected, { message: most });
    } catch (error) {
      const why = (error as Error).message.replace(/^Invalid regular expression: /, '');
      return new Invalid(raw, this.expected, { message: `the regular expression does not compile: ${why}` });
    }
  },
  format: value => value.source,
};

/** The longest value that an expression may be tried on, in characters; or why there is none. */
function longestValue(source: string): number | string {
  const { danger, ways } = shapeOf(source);
  if (danger !== undefined) return danger;
  const degree = patternDegree(source);
  if (degree === 0) return Infinity;
  const most = Math.floor((mostSteps / ways) ** (1 / degree));
  if (most >= leastUseful) return most;
  return 'may take very long on a hostile value: too many repetitions can share a text between them; begin it with ^, or leave some out';
}
