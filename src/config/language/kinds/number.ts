import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER, noun = 'a whole number'): Kind<number> {
  const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const expected = `${noun} ${bounds}`;
  return {
    label: 'integer',
    expected,
    schema: { type: 'integer', minimum: min, ...(max === Number.MAX_SAFE_INTEGER ? {} : { maximum: max }) },
    parse: raw =>
      Number.isInteger(raw) && Number(raw) >= min && Number(raw) <= max ? Number(raw) : refuse(raw, expected),
    format: value => value,
  };
}

/** A TCP port to listen on: 0 asks the system for any free one. */
export const listenPort = integer(0, 65_535, 'a port');

/** A TCP port to connect to. */
export const port = integer(1, 65_535, 'a port');

/** A number above zero, with or without a fraction. */
export const positiveNumber: Kind<number> = {
  label: 'number',
  expected: 'a number above 0',
  schema: { type: 'number', exclusiveMinimum: 0 },
  parse: raw => (typeof raw === 'number' && raw > 0 && Number.isFinite(raw) ? raw : refuse(raw, 'a number above 0')),
  format: value => value,
};

function refuse(raw: unknown, expected: string): Invalid {
  const quoted = typeof raw === 'string' && /^\d+(\.\d+)?$/.test(raw);
  return new Invalid(raw, expected, quoted ? { suggestion: `${raw} without quotes` } : {});
}
