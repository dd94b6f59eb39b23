import { expect, it } from 'vitest';
import { closeLabel } from './close-code.js';

it.each([1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014])('labels %i by itself', code => {
  expect(closeLabel(code)).toBe(String(code));
});

it.each([
  [undefined, 'none'],
  [3000, 'application'],
  [4999, 'application'],
  [0, 'other'],
  [999, 'other'],
  [1004, 'other'],
  [1006, 'other'],
  [1015, 'other'],
  [2999, 'other'],
  [5000, 'other'],
  [65_535, 'other'],
])('labels %s as %s', (code, label) => {
  expect(closeLabel(code)).toBe(label);
});

it('has no more than 16 labels for all codes', () => {
  expect(new Set(Array.from({ length: 65_536 }, (_, code) => closeLabel(code))).size).toBe(15);
});
