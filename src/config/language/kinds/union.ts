import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';

/** A value of one of two kinds: the first kind that accepts it. `isFirst` tells the kind of a parsed value, for writing it. */
export function either<A, B>(first: Kind<A>, second: Kind<B>, isFirst: (value: A | B) => value is A): Kind<A | B> {
  const expected = `${first.expected}, or ${second.expected}`;
  const blocks = [...(first.blocks ?? []), ...(second.blocks ?? [])];
  return {
    label: `${first.label} \\| ${second.label}`,
    expected,
    schema: { anyOf: [first.schema, second.schema] },
    ...(blocks.length > 0 ? { blocks } : {}),
    parse: (raw, source) => {
      const one = first.parse(raw, source);
      if (!(one instanceof Invalid)) return one;
      const two = second.parse(raw, source);
      // For a collection, the second kind gives the better error: what is wrong inside the collection.
      if (!(two instanceof Invalid) || (typeof raw === 'object' && raw !== null)) return two;
      return new Invalid(two.found, expected, { ...two.details, ...one.details });
    },
    format: value => (isFirst(value) ? first.format(value) : second.format(value)),
  };
}

/** A kind with a word for one value: `any` for an empty list, `off` for 0. That value is always written as the word. */
export function orWord<T>(word: string, meaning: T, kind: Kind<T>, isMeaning: (value: T) => boolean): Kind<T> {
  const expected = `${word}, or ${kind.expected}`;
  return {
    ...kind,
    label: `\`${word}\` \\| ${kind.label}`,
    expected,
    schema: { anyOf: [{ const: word }, kind.schema] },
    parse: (raw, source) => {
      if (raw === word) return structuredClone(meaning);
      const value = kind.parse(raw, source);
      if (!(value instanceof Invalid) || (typeof raw === 'object' && raw !== null)) return value;
      return new Invalid(value.found, expected, value.details);
    },
    format: value => (isMeaning(value) ? word : kind.format(value)),
  };
}
