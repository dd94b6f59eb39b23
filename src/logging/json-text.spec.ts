import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { quote } from './json-text.js';

describe('text of a log line', () => {
  it('reads back as the string that was quoted, for any string, and holds no control character', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff)), units => {
        const text = String.fromCharCode(...units);
        const quoted = quote(text);
        expect(JSON.parse(quoted)).toBe(text);
        expect(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(quoted)).toBe(false);
      }),
    );
  });
});
