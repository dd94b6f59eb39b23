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
    '^[a-z0-9]+(-[a-z0-9]+){0,2}$',
    '^[a-z]{2,8}-[a-z]{2,8}$',
    '^.*a.*b$',
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
    '(a{1,16}){1,16}$',
    '(?:a{0,16}){16}$',
    'a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaaaaa$',
    '(?:a|ab|b){16}$',
    '.*a.*a.*a.*a.*a$',
  ])('is refused, because it may take forever: %s', expression => expect(isTaken(expression)).toBe(false));

  it('matches no value that is too long for it, and any other in a blink', () => {
    for (const expression of ['[a-z]+$', '^.*a.*b$', '^(?:a*b){0,3}$', '^[a-z]{2,8}-[a-z]{2,8}$', '\\s+$', 'a*a*b']) {
      const compiled = pattern.parse(expression, source) as RegExp;
      for (let length = 16; length <= 65_536; length *= 2) {
        const began = process.cpuUsage();
        for (const text of ['a', 'z', ' ', 'ab', 'a-']) compiled.test(`${text.repeat(length / text.length)}!`);
        expect(process.cpuUsage(began).user).toBeLessThan(1_000_000);
      }
    }
    const taken = pattern.parse('[a-z]+$', source) as RegExp;
    expect([taken.test('a'.repeat(1_024)), taken.test('a'.repeat(1_025))]).toEqual([true, false]);
    expect((pattern.parse('^[a-z]+$', source) as RegExp).test('a'.repeat(30_000))).toBe(true);
  });

  it.each(['(', '[a', '*', 'a{2,1}', '', 'a'.repeat(513)])('is refused, because it is none: %s', expression =>
    expect(isTaken(expression)).toBe(false),
  );
});
