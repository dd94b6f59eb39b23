import { describe, expect, it } from 'vitest';
import { Invalid } from './invalid.js';
import { pattern } from './pattern.js';
import { Source } from './source.js';

const source = new Source('/');
const isTaken = (expression: string): boolean => !(pattern.parse(expression, source) instanceof Invalid);

describe('a regular expression', () => {
  it.each([
    '^v[0-9]+$',
    '^(a|b)$',
    '(foo|bar)+',
    '^\\d{1,3}(\\.\\d{1,3}){3}$',
    '^(?:[a-z]+-)?x$',
    '[(+*]+',
    '\\(a+\\)',
    '^[^\\]]*$',
    'a{2,5}',
  ])('is taken: %s', expression => expect(isTaken(expression)).toBe(true));

  it.each([
    '(a+)+$',
    '(a*)*$',
    '([a-z]+)*$',
    '(?:a+){2,}$',
    '((a+))+$',
    '((a+)b?)+$',
    '(a|a)*$',
    '(a|ab)*$',
    '(\\w|\\d)+$',
    '(.|x)+$',
    '(a?b?)*$',
    '(a+){20}$',
    '(?<x>a+)+$',
    '(.)\\1',
    '(?<x>a)\\k<x>',
  ])('is refused, because it may take forever: %s', expression => expect(isTaken(expression)).toBe(false));

  it.each(['(', '[a', '*', 'a{2,1}', '', 'a'.repeat(513)])('is refused, because it is none: %s', expression =>
    expect(isTaken(expression)).toBe(false),
  );
});
