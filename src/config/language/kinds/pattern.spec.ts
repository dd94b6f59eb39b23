import { describe, expect, it } from 'vitest';
import { Pattern } from '../../../patterns/pattern.js';
import { Invalid } from './invalid.js';
import { pattern } from './pattern.js';
import { Source } from './source.js';

const source = new Source('/');

describe('a regular expression', () => {
  it.each(['^v[0-9]+$', '(a+)+$', '(a|a)*$', '^(?i:(a|A)*)$', '(?:a{0,15}){4}x', '.*a.*a.*a.*a.*a$', '\\/\\-'])(
    'is taken, since none is slow: %s',
    expression => {
      const parsed = pattern.parse(expression, source);
      expect(parsed).toBeInstanceOf(Pattern);
      expect(pattern.format(parsed as Pattern)).toBe(expression);
    },
  );

  it.each(['(.)\\1', '(?=.*a)b', '(', 'a{2,1}', '', 'a'.repeat(513), 7])(
    'is refused, with a reason: %s',
    expression => {
      const { expected, details } = pattern.parse(expression, source) as Invalid;
      expect({ expected, message: details.message }).toMatchSnapshot();
    },
  );
});
