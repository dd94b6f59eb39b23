import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../test/support/any-text.js';
import { LineBuffer, piece } from './line-buffer.js';
import { quote } from './json-text.js';

const written = (write: (to: LineBuffer) => void): string => {
  const sut = new LineBuffer(1);
  write(sut);
  return sut.take().toString();
};

describe('the buffer of log lines', () => {
  it('writes any string as it is quoted elsewhere', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), anyText(), fc.array(fc.nat(0xffff))), value => {
        const text = typeof value === 'string' ? value : String.fromCharCode(...value);
        expect(written(to => to.string(text))).toBe(quote(text));
      }),
    );
  });

  it('writes whole numbers as JSON does', () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(), fc.maxSafeNat()), value => {
        expect(written(to => to.number(value))).toBe(String(value));
      }),
    );
  });

  it.each([0, 9, 10, 999_999_999, 1_000_000_000, 1_000_000_001, 1_795_884_994_861, Number.MAX_SAFE_INTEGER])(
    'writes %d as it is',
    value => {
      expect(written(to => to.number(value))).toBe(String(value));
    },
  );

  it('writes durations in milliseconds with microsecond precision', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), duration => {
        const text = written(to => to.milliseconds(duration));
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
    [NaN, '0'],
  ])('writes %d ms as %s', (duration, text) => {
    expect(written(to => to.milliseconds(duration))).toBe(text);
  });

  it('grows, hands over its bytes, and begins again', () => {
    const sut = new LineBuffer(4);
    sut.piece(piece('{"path":'));
    sut.string('/größe');
    sut.text('}\n');
    expect(sut.since(8)).toBe('"/größe"}\n');
    const first = sut.take();
    sut.text('second\n');
    expect(first.toString()).toBe('{"path":"/größe"}\n');
    expect(sut.take().toString()).toBe('second\n');
    expect(sut.take()).toHaveLength(0);
  });

  it('takes back what was written last', () => {
    const sut = new LineBuffer(64);
    sut.text('kept\n');
    const { length } = sut;
    sut.text('lost\n');
    sut.length = length;
    expect(sut.take().toString()).toBe('kept\n');
  });
});
