import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookieValue } from './cookie.js';

describe('one cookie of a header', () => {
  it.each([
    ['a=1', '1'],
    ['b=2; a=1; c=3', '1'],
    ['b=2;a=1', '1'],
    ['b=2;\t a=1  ;c=3', '1'],
    ['a="quoted"; b=2', 'quoted'],
    ['a=', ''],
    ['a=x=y', 'x=y'],
    ['a=first; a=second', 'first'],
    ['aa=2; a=1', '1'],
    ['b=a=2; a=1', '1'],
    ['xa=2; a=1', '1'],
  ])('is found in %j', (header, value) => {
    expect(cookieValue(header, 'a')).toBe(value);
  });

  it.each(['', 'b=1', 'aa=1', 'xa=1', 'a', 'a; b=1', 'b=a=1', ';;=', '=a', 'A=1'])('is absent from %j', header => {
    expect(cookieValue(header, 'a')).toBeUndefined();
  });

  it('is absent without a header', () => {
    expect(cookieValue(undefined, 'a')).toBeUndefined();
  });

  it('is found wherever it stands among others', () => {
    const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,6}$/);
    const pairs = fc.uniqueArray(fc.tuple(token, token), { selector: ([name]) => name, minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pairs, pairs => {
        const header = pairs.map(([name, value]) => `${name}=${value}`).join('; ');
        for (const [name, value] of pairs) expect(cookieValue(header, name)).toBe(value);
      }),
    );
  });
});
