import { describe, expect, it } from 'vitest';
import { KeyedHash } from './keyed-hash.js';

const hash = new KeyedHash();

/** The hash of the bytes 0, 1, 2, … under the key 00 01 … 07, as the reference implementation's test prints it. */
function ofCountingBytes(length: number): string {
  const bytes = Buffer.from(Array.from({ length }, (_, index) => index));
  hash.update(0x03020100, 0x07060504, bytes.toString('utf16le'));
  const out = Buffer.alloc(8);
  out.writeInt32LE(hash.high, 0);
  out.writeInt32LE(hash.low, 4);
  return out.toString('hex');
}

describe('KeyedHash', () => {
  it.each([
    [0, '218d1f59b9b83cc8'],
    [2, '064f39ef7c50eb57'],
    [4, 'd5e78a175be52ea1'],
    [6, 'ce3e91358aa2bc25'],
    [8, 'edfee820bce4858c'],
    [14, '3bb1a870eae8e658'],
  ])('gives the published result for %i bytes', (length, expected) => {
    expect(ofCountingBytes(length)).toBe(expected);
  });

  it('depends on the key', () => {
    hash.update(1, 2, '203.0.113.9');
    const first = [hash.high, hash.low];
    hash.update(1, 3, '203.0.113.9');
    expect([hash.high, hash.low]).not.toEqual(first);
    hash.update(1, 2, '203.0.113.9');
    expect([hash.high, hash.low]).toEqual(first);
  });

  it('tells apart what differs in one character, at any place', () => {
    const seen = new Set<string>();
    const text = '2001:db8:85a3::/64';
    for (let at = 0; at < text.length; at++) {
      hash.update(7, 9, `${text.slice(0, at)}x${text.slice(at + 1)}`);
      seen.add(`${hash.high}.${hash.low}`);
    }
    expect(seen.size).toBe(text.length);
  });
});
