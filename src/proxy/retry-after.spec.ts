import { describe, expect, it } from 'vitest';
import { retryAfter } from './retry-after.js';

const now = Date.parse('2026-03-01T12:00:00Z');
const asked = (value: string): number => retryAfter(['Retry-After', value], () => now);

describe('what Retry-After asks for', () => {
  it.each([
    ['0', 0],
    ['1', 1000],
    ['120', 120_000],
    [' 7 ', 7000],
    ['999999999', 999_999_999_000],
  ])('is so many seconds: "%s"', (value, milliseconds) => {
    expect(asked(value)).toBe(milliseconds);
  });

  it.each([
    ['Sun, 01 Mar 2026 12:00:05 GMT', 5000],
    ['Sunday, 01-Mar-26 12:00:05 GMT', 5000],
    ['Sun Mar  1 12:00:05 2026 GMT', 5000],
  ])('is the time until a date: "%s"', (value, milliseconds) => {
    expect(asked(value)).toBe(milliseconds);
  });

  it.each(['', 'soon', '-5', '-1000000', 'NaN', '1e3', '0x10', '1.5', 'Sun, 01 Mar 2026 11:59:59 GMT', 'Infinity'])(
    'is nothing where it cannot be read or has passed: "%s"',
    value => {
      expect(asked(value)).toBe(0);
    },
  );

  it('is found whatever the spelling of its name, among other fields, as text or as bytes', () => {
    expect(retryAfter(['Content-Type', 'x', 'RETRY-AFTER', '2'], () => now)).toBe(2000);
    expect(retryAfter([Buffer.from('retry-after'), Buffer.from('2')], () => now)).toBe(2000);
    expect(retryAfter(['retry-later', '9', 'x', 'retry-after'], () => now)).toBe(0);
    expect(retryAfter([], () => now)).toBe(0);
  });

  it('is the first of several', () => {
    expect(retryAfter(['Retry-After', '3', 'Retry-After', '9'], () => now)).toBe(3000);
  });

  it.each(['9999999999', '99999999999999999999'])('is long, and not nothing, for a huge number: "%s"', value => {
    expect(asked(value)).toBeGreaterThan(999_999_999_000 - 1);
  });
});
