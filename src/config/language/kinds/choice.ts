import { nearest } from '../../../spelling/nearest.js';
import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';

/** One of a few words. */
export function choice<const T extends string>(...words: readonly T[]): Kind<T> {
  const expected = words.length === 1 ? String(words[0]) : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  return {
    label: words.map(word => `\`${word}\``).join(' \\| '),
    expected,
    schema: words.length === 1 ? { const: words[0] } : { enum: words },
    parse: raw => {
      const found = words.find(word => word === raw);
      if (found !== undefined) return found;
      const suggestion = typeof raw === 'string' ? nearest(raw, words) : undefined;
      return new Invalid(raw, expected, suggestion === undefined ? {} : { suggestion });
    },
    format: value => value,
  };
}

/** `true` or `false`. */
export const flag: Kind<boolean> = {
  label: 'boolean',
  expected: 'true or false',
  schema: { type: 'boolean' },
  parse: raw => {
    if (typeof raw === 'boolean') return raw;
    const meant = typeof raw === 'string' ? truths.get(raw.toLowerCase()) : undefined;
    return new Invalid(raw, 'true or false', meant === undefined ? {} : { suggestion: meant });
  },
  format: value => value,
};

const truths = new Map([
  ['yes', 'true'],
  ['on', 'true'],
  ['true', 'true'],
  ['no', 'false'],
  ['off', 'false'],
  ['false', 'false'],
]);
