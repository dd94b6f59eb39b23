import { describe, expect, it } from 'vitest';
import type { RawHeaders } from '../fields/raw-headers.js';
import { faults } from './fault.js';
import { endOfToken, isNamed, readField } from './field-line.js';

/** Reads a field line that stands between others. */
function readOne(line: string): RawHeaders | string {
  const fields: RawHeaders = [];
  const before = 'A: b\r\n';
  const fault = readField(`${before}${line}\r\nC: d`, before.length, before.length + line.length, fields);
  return fault?.message ?? fields;
}

describe('a field line', () => {
  it.each([
    ['Host: x', 'Host', 'x'],
    ['Host:x', 'Host', 'x'],
    ['hOST: \t x y\t ', 'hOST', 'x y'],
    ['X:', 'X', ''],
    ['X: \t ', 'X', ''],
    ['X: :a: b', 'X', ':a: b'],
    ['X: a\tb', 'X', 'a\tb'],
    ['X: caf\xc3\xa9\x80\xff', 'X', 'caf\xc3\xa9\x80\xff'],
    ['X: \xa0a\xa0', 'X', '\xa0a\xa0'],
    ["!#$%&'*+-.^_`|~09AZaz: b", "!#$%&'*+-.^_`|~09AZaz", 'b'],
  ])('%j is a name and a value', (line, name, value) => {
    expect(readOne(line)).toEqual([name, value]);
  });

  it.each([
    [': b', faults.name],
    ['A[0]: b', faults.name],
    ['A b: c', faults.name],
    ['A=b: c', faults.name],
    ['A', faults.noColon],
    ['A b', faults.noColon],
    ['A : b', faults.spaceBeforeColon],
    ['A \t: b', faults.spaceBeforeColon],
    [' A: b', faults.folded],
    ['\tb', faults.folded],
    [' ', faults.folded],
  ])('%j is refused', (line, fault) => {
    expect(readOne(line)).toBe(fault.message);
  });

  it('that is refused adds no field', () => {
    const fields: RawHeaders = [];
    readField('A : b', 0, 5, fields);
    expect(fields).toEqual([]);
  });
});

it('a token ends where another character follows, and at the end', () => {
  expect(endOfToken('(abc def', 1, 8)).toBe(4);
  expect(endOfToken('abcdef', 1, 3)).toBe(3);
  expect(endOfToken(' abc', 0, 4)).toBe(0);
});

it('a name is the same in any spelling', () => {
  expect(isNamed('CONTENT-length', 'content-length')).toBe(true);
  expect(isNamed('content_length', 'content-length')).toBe(false);
  expect(isNamed('content-lengt', 'content-length')).toBe(false);
});
