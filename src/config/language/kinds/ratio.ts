import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';

const expected = 'a ratio such as 50% or 0.5';

/** A share, 0 to 1. Written as a percentage or as a number from 0 to 1. */
export const ratio: Kind<number> = {
  label: 'ratio',
  expected,
  schema: {
    anyOf: [
      { type: 'number', minimum: 0, maximum: 1 },
      { type: 'string', pattern: '^\\d+(\\.\\d+)?%$' },
    ],
  },
  parse: raw => {
    if (typeof raw === 'number' && raw >= 0 && raw <= 1) return raw;
    if (typeof raw === 'number' && raw > 1 && raw <= 100) return new Invalid(raw, expected, { suggestion: `${raw}%` });
    const match = typeof raw === 'string' ? /^(\d+(?:\.\d+)?)%$/.exec(raw) : null;
    const value = match ? Number((Number(match[1]) / 100).toPrecision(12)) : Number.NaN;
    return value <= 1 ? value : new Invalid(raw, match ? 'a ratio of at most 100%' : expected);
  },
  format: formatRatio,
};

/** A share as a percentage: `0.5` is `50%`. */
export function formatRatio(value: number): string {
  return `${Number((value * 100).toPrecision(12))}%`;
}
