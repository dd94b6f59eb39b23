import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';

/** The first of several kinds that takes the value. `matches` says which kind a parsed value belongs to, for writing it. */
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
      // The second knows more about a collection: what is wrong inside it, rather than that it is not the first.
      if (!(two instanceof Invalid) || (typeof raw === 'object' && raw !== null)) return two;
      return new Invalid(two.found, expected, { ...two.details, ...one.details });
    },
    format: value => (isFirst(value) ? first.format(value) : second.format(value)),
  };
}

/** A value that one word stands for: `any` for an empty list, `off` for 0. Any value equal to it is written as the word. */
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
