import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';

const units = { gb: 1024 ** 3, mb: 1024 ** 2, kb: 1024, b: 1 } as const;
const expected = 'a size such as 512b, 16kb, 10mb';

/** A number of bytes. Written with a unit (b, kb, mb, gb: powers of 1024); a plain `0` is allowed. */
export function size({ min = 0, max = Number.MAX_SAFE_INTEGER } = {}): Kind<number> {
  return {
    label: 'size',
    expected,
    schema: {
      anyOf: [{ type: 'string', pattern: '^\\d+(\\.\\d+)?(b|kb|mb|gb)$' }, ...(min === 0 ? [{ const: 0 }] : [])],
    },
    parse: raw => {
      if (raw === 0 && min === 0) return 0;
      const value = typeof raw === 'string' ? bytes(raw) : undefined;
      if (value === undefined || !Number.isInteger(value)) return refuse(raw);
      if (value < min) return new Invalid(raw, `a size of at least ${formatSize(min)}`);
      if (value > max) return new Invalid(raw, `a size of at most ${formatSize(max)}`);
      return value;
    },
    format: formatSize,
  };
}

/** Bytes in the largest unit that divides them: `16kb`, `512b`. */
export function formatSize(value: number): string {
  if (value === 0) return '0b';
  const [unit, factor] = Object.entries(units).find(([, each]) => value % each === 0) ?? ['b', 1];
  return `${value / factor}${unit}`;
}

function bytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(b|kb|mb|gb)$/.exec(text);
  return match ? Number(match[1]) * units[match[2] as keyof typeof units] : undefined;
}

function refuse(raw: unknown): Invalid {
  if (typeof raw === 'number' && raw >= 0) return new Invalid(raw, expected, { suggestion: `${raw}b` });
  const tidy =
    typeof raw === 'string'
      ? raw
          .replaceAll(/\s/g, '')
          .toLowerCase()
          .replace(/^(\d+(?:\.\d+)?)(?:bytes?|octets?)$/, '$1b')
          .replace(/^(\d+(?:\.\d+)?)([kmg])(?:ib|(?:ilo|ega|iga)bytes?)?$/, '$1$2b')
      : '';
  return new Invalid(raw, expected, bytes(tidy) === undefined ? {} : { suggestion: tidy });
}
