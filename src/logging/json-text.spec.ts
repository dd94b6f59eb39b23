import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { milliseconds, quote } from './json-text.js';

describe('text of a log line', () => {
  it('reads back as the string that was quoted, whatever it is, and holds no control character', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff)), units => {
        const text = String.fromCharCode(...units);
        const quoted = quote(text);
        expect(JSON.parse(quoted)).toBe(text);
        expect(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(quoted)).toBe(false);
      }),
    );
  });

  it('shows durations in milliseconds with microsecond precision', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), duration => {
        const text = milliseconds(duration);
        expect(text).toMatch(/^\d+(\.\d{3})?$/);
        expect(JSON.parse(text)).toBeCloseTo(duration, 3);
      }),
    );
  });

  it.each([
    [0, '0'],
    [0.0004, '0'],
    [0.0005, '0.001'],
    [0.05, '0.050'],
    [0.9999, '1'],
    [86_400_000.25, '86400000.250'],
    [-3, '0'],
  ])('shows %d ms as %s', (duration, text) => {
    expect(milliseconds(duration)).toBe(text);
  });
});
