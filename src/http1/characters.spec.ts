import { expect, it } from 'vitest';
import { hexValue, isText, isToken, isVisible } from './characters.js';

const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
const members = (table: Uint8Array): string => all.filter((_, code) => table[code] === 1).join('');
const matches = (pattern: RegExp): string => all.filter(character => pattern.test(character)).join('');

it('a token has the characters that RFC 9110 §5.6.2 lists', () => {
  expect(members(isToken)).toBe(matches(/[!#$%&'*+\-.^_`|~\dA-Za-z]/));
});

it('text has all characters but controls, and the tab', () => {
  expect(members(isText)).toBe(matches(/[\t\x20-\x7e\x80-\xff]/));
});

it('a target has the visible characters of ASCII', () => {
  expect(members(isVisible)).toBe(matches(/[\x21-\x7e]/));
});

it('hexadecimal digits have values, in both cases, and nothing else has', () => {
  const digits = [...'0123456789ABCDEFabcdef'];
  expect(digits.map(digit => hexValue[digit.charCodeAt(0)])).toEqual(digits.map(digit => Number.parseInt(digit, 16)));
  expect(all.filter((_, code) => hexValue[code] !== 255)).toEqual(digits);
});
