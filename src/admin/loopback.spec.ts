import { describe, expect, it } from 'vitest';
import { isLoopback, isRebindingSafe } from './loopback.js';

describe('a loopback listener', () => {
  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('is one on %s', host => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'gatehouse.internal', ''])('is not one on "%s"', host => {
    expect(isLoopback(host)).toBe(false);
  });
});

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
