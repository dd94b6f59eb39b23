import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/support/any-text.js';
import { claimFields } from './claim-fields.js';

const one = (value: unknown): string | undefined => claimFields({ it: value }, new Map([['it', 'x-it']]))[0]?.[1];

describe('a claim that is sent to the backend', () => {
  it.each<[unknown, string]>([
    ['alice', 'alice'],
    ['auth0|5f7c8ec7', 'auth0|5f7c8ec7'],
    ["Alice de l'Hôpital", "Alice de l'H\xc3\xb4pital"],
    ['user,admin', 'user,admin'],
    ['für', 'f\xc3\xbcr'],
    ['Łukasz', '\xc5\x81ukasz'],
    ['李😀', '\xe6\x9d\x8e\xf0\x9f\x98\x80'],
    [['ü', 'b'], '\xc3\xbc,b'],
    [42, '42'],
    [true, 'true'],
    [['a', 'b', 3], 'a,b,3'],
  ])('%j becomes %j', (claim, value) => {
    expect(one(claim)).toBe(value);
  });

  it.each<[string, unknown]>([
    ['a line break', 'alice\r\nx-admin: 1'],
    ['a line feed alone', 'adm\nin'],
    ['a zero', 'admin\0'],
    ['a control of Latin-1 that some parsers take for a line break', 'alice\x85x'],
    ['half a character', 'a\ud83d'],
    ['a line end of Unicode', 'a\u2028b'],
    ['more than 8 kB in UTF-8', 'ü'.repeat(4097)],
    ['an ideographic space at its end', 'admin\u3000'],
    ['a blank at its end, which parsers cut off', 'admin '],
    ['a blank at its start', ' admin'],
    ['a no-break space at its end', 'admin\xa0'],
    ['nothing in it', ''],
    ['an object', { role: 'admin' }],
    ['null', null],
    ['an empty list', []],
    ['a list with a comma in an element', ['user', 'x,admin']],
    ['a list in a list', [['a']]],
    ['a list with a line break', ['a', 'b\n']],
    ['more than 8 kB', 'x'.repeat(8193)],
    ['more than 8 kB in a list', Array.from({ length: 5000 }, () => 'x')],
  ])('is left out with %s', (_, claim) => {
    expect(one(claim)).toBeUndefined();
  });

  it('is never a property that every object has', () => {
    expect(
      claimFields(
        {},
        new Map([
          ['constructor', 'x-a'],
          ['__proto__', 'x-b'],
          ['toString', 'x-c'],
        ]),
      ),
    ).toEqual([]);
  });

  it('is always one that a header field can carry unchanged', () => {
    fc.assert(
      fc.property(fc.oneof(anyText(), fc.array(anyText()), fc.anything()), claim => {
        const value = one(claim);
        if (value === undefined) return;
        expect(value).toMatch(/^[\x20-\x7e\x80-\xff]+$/);
        const read = Buffer.from(value, 'latin1').toString('utf8');
        expect(read.trim()).toBe(read);
        if (typeof claim === 'string') expect(read).toBe(claim);
      }),
    );
  });
});
