import { describe, expect, it } from 'vitest';
import { isRebindingSafe } from './rebinding.js';

describe('a Host header that DNS rebinding cannot bring about', () => {
  it.each([
    'localhost',
    'localhost:9901',
    'LOCALHOST.',
    'gw.localhost:9901',
    '127.0.0.1:9901',
    '10.0.0.1',
    '[::1]:9901',
  ])('is %s', host => {
    expect(isRebindingSafe(host)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    'notlocalhost',
    'localhost@evil.example',
    '::1',
  ])('is not "%s"', host => {
    expect(isRebindingSafe(host)).toBe(false);
  });
});
