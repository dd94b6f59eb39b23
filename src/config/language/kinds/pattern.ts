import { PatternError } from '../../../patterns/pattern-error.js';
import { Pattern } from '../../../patterns/pattern.js';
import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';

const longest = 512;

/**
 * A regular expression of ECMAScript, matched anywhere in the value unless it is anchored, in time linear in the value. At most
 * 512 characters; back references and look-around are refused.
 */
export const pattern: Kind<Pattern> = {
  label: 'regular expression',
  expected: 'a regular expression such as ^v[0-9]+$',
  schema: { type: 'string', format: 'regex', minLength: 1, maxLength: longest },
  parse(raw) {
    if (typeof raw !== 'string' || raw === '') return new Invalid(raw, this.expected);
    if (raw.length > longest) return new Invalid(raw, `${this.expected} of at most ${longest} characters`);
    try {
      return new Pattern(raw);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      return new Invalid(raw, this.expected, { message: `the regular expression ${error.message}` });
    }
  },
  format: value => value.source,
};
