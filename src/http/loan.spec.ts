import { expect, it } from 'vitest';
import { owned } from './loan.js';

it('bytes that were not lent are taken as they are, and others are copied', () => {
  const bytes = Buffer.from('abc');
  expect(owned(bytes, undefined)).toBe(bytes);
  const copy = owned(bytes, { hold: () => undefined });
  expect([copy.toString(), copy.buffer === bytes.buffer && copy.byteOffset === bytes.byteOffset]).toEqual([
    'abc',
    false,
  ]);
});
