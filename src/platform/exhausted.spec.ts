import { expect, it } from 'vitest';
import { isExhausted, outOfDescriptors } from './exhausted.js';

const withCode = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

it('the lack of descriptors is told from what is wrong with the other side', () => {
  for (const code of ['EMFILE', 'ENFILE', 'ENOBUFS']) expect(isExhausted(withCode(code))).toBe(true);
  expect(isExhausted(outOfDescriptors())).toBe(true);
  expect(isExhausted(new TypeError('fetch failed', { cause: withCode('EMFILE') }))).toBe(true);
  for (const other of [withCode('ECONNREFUSED'), new Error('EMFILE'), 'EMFILE', undefined]) {
    expect(isExhausted(other)).toBe(false);
  }
});
