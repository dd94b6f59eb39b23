import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';
import { integer } from './number.js';

/** A final response status. */
export const status = integer(200, 599, 'a status');

/** A range of statuses, both ends included. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** Statuses and ranges of them: `200-399`, `200,204`, `204`. */
export const statusRanges: Kind<StatusRange[]> = {
  label: 'statuses',
  expected: 'statuses such as 200-399 or 200,204',
  schema: {
    anyOf: [
      { type: 'integer', minimum: 100, maximum: 599 },
      { type: 'string', pattern: '^[1-5]\\d\\d(-[1-5]\\d\\d)?(,\\s*[1-5]\\d\\d(-[1-5]\\d\\d)?)*$' },
    ],
  },
  parse(raw) {
    const parts = typeof raw === 'number' || typeof raw === 'string' ? String(raw).split(/,\s*/) : [];
    const ranges = parts.map(part => {
      const match = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(part);
      return { from: Number(match?.[1]), to: Number(match?.[2] ?? match?.[1]) };
    });
    return ranges.length > 0 && ranges.every(({ from, to }) => from <= to) ? ranges : new Invalid(raw, this.expected);
  },
  format: ranges => ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(','),
};
