import { describe, expect, it } from 'vitest';
import { RawHeaders } from './raw-headers.js';

const fields = (): RawHeaders => ['Host', 'a', 'X-A', '1', 'Vary', 'x', 'x-a', '2', 'X-B', 'host'];

describe('a list of fields', () => {
  it('finds fields by name in any case, never by value', () => {
    expect(RawHeaders.get(fields(), 'x-a')).toBe('1');
    expect(RawHeaders.get(fields(), 'x-c')).toBeUndefined();
    expect(RawHeaders.get(['A', 'b', 'B', 'c'], 'b')).toBe('c');
    expect(['x-b', 'vary', 'a', 'x'].map(name => RawHeaders.has(fields(), name))).toEqual([true, true, false, false]);
  });

  it('says which names come more than once', () => {
    expect(['x-a', 'host', 'x-c'].map(name => RawHeaders.repeats(fields(), name))).toEqual([true, false, false]);
  });

  it.each([
    ['x-a', ['Host', 'a', 'Vary', 'x', 'X-B', 'host']],
    ['host', ['X-A', '1', 'Vary', 'x', 'x-a', '2', 'X-B', 'host']],
    ['x-b', ['Host', 'a', 'X-A', '1', 'Vary', 'x', 'x-a', '2']],
    ['x-c', fields()],
  ])('loses every field called %s, and the others keep their order', (name, left) => {
    const headers = fields();
    RawHeaders.remove(headers, name);
    expect(headers).toEqual(left);
  });

  it('loses all fields of several names at once', () => {
    const headers = fields();
    RawHeaders.removeAll(headers, new Set(['x-a', 'host']));
    expect(headers).toEqual(['Vary', 'x', 'X-B', 'host']);
  });

  it('has one field of a name, the last, once that is set', () => {
    const headers = fields();
    RawHeaders.set(headers, 'X-A', '3');
    RawHeaders.set(headers, 'X-New', '4');
    expect(headers).toEqual(['Host', 'a', 'Vary', 'x', 'X-B', 'host', 'X-A', '3', 'X-New', '4']);
  });

  it('is given as pairs, and as the lines of a head', () => {
    expect(RawHeaders.pairs(['A', '1', 'b', ''])).toEqual([
      ['A', '1'],
      ['b', ''],
    ]);
    expect(RawHeaders.lines(['A', '1', 'b', ''])).toBe('A: 1\r\nb: \r\n');
    expect(RawHeaders.lines([])).toBe('');
  });
});
