import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
/** The longest time of a timer in milliseconds: longer timers would fire at once. */
const longestTimer = 2 ** 31 - 1;
const expected = 'a duration such as 250ms, 5s, 1m';

/** Reads a time without knowing where it stands. */
interface DurationKind extends Kind<number> {
  parse(raw: unknown): number | Invalid;
}

/** A time, in milliseconds. Written with a unit (ms, s, m, h); a plain `0` is allowed. At most `max` milliseconds. */
export function duration({ min = 0, max = longestTimer } = {}): DurationKind {
  return {
    label: 'duration',
    expected,
    schema: {
      anyOf: [{ type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h)$' }, ...(min === 0 ? [{ const: 0 }] : [])],
    },
    parse: raw => {
      if (raw === 0 && min === 0) return 0;
      const value = typeof raw === 'string' ? milliseconds(raw) : undefined;
      if (value === undefined || !Number.isInteger(value)) return refuse(raw);
      if (value < min) return new Invalid(raw, `a duration of at least ${formatDuration(min)}`);
      if (value > max) return new Invalid(raw, `a duration of at most ${formatDuration(max)}`);
      return value;
    },
    format: formatDuration,
  };
}

/** Milliseconds in the largest unit that divides them: `5s`, `250ms`, `90s`. */
export function formatDuration(value: number): string {
  if (value === 0) return '0s';
  if (value % units.h === 0) return `${value / units.h}h`;
  if (value % units.m === 0 && value > units.m) return `${value / units.m}m`;
  return value % units.s === 0 ? `${value / units.s}s` : `${value}ms`;
}

function milliseconds(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  return match ? Number((Number(match[1]) * units[match[2] as keyof typeof units]).toPrecision(12)) : undefined;
}

function refuse(raw: unknown): Invalid {
  if (typeof raw === 'number' && raw >= 0) return new Invalid(raw, expected, { suggestion: `${raw}s` });
  const meant = typeof raw === 'string' ? spelledOut(raw) : undefined;
  return new Invalid(raw, expected, meant === undefined ? {} : { suggestion: meant });
}

const words: Readonly<Record<string, number>> = {
  ms: 1,
  msec: 1,
  millisecond: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
};

/** Reads spellings of other programs, for suggestions: `10 sec`, `1h30m`, `2 minutes`, `1d`. */
function spelledOut(text: string): string | undefined {
  const tidy = text.replaceAll(/\s/g, '').toLowerCase();
  if (!/^(\d+(\.\d+)?[a-z]+)+$/.test(tidy)) return undefined;
  if (milliseconds(tidy) !== undefined) return tidy;
  let sum = 0;
  for (const [, amount = '', word = ''] of tidy.matchAll(/(\d+(?:\.\d+)?)([a-z]+)/g)) {
    const unit = Object.hasOwn(words, word) ? words[word] : words[word.replace(/s$/, '')];
    if (unit === undefined) return undefined;
    sum += Number(amount) * unit;
  }
  return Number.isInteger(sum) && sum <= longestTimer ? formatDuration(sum) : undefined;
}
