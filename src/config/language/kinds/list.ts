import { Invalid } from './invalid.js';
import { describeFound } from './found.js';
import { read, type Kind } from './kind.js';
import { isBlock, type RawBlock } from './raw-block.js';

/** Limits of a list. */
export interface ListRules {
  /** Fewest elements. Default: 0. */
  readonly min?: number;
  /** Most elements. Default: 10,000. */
  readonly max?: number;
  /** A value that is not a list counts as a list of it alone. Default: false. */
  readonly orSingle?: boolean;
}

/** A list of values of one kind. Refused elements stay in it as `Invalid`, so that the others keep their places. */
export function list<T>(kind: Kind<T>, { min = 0, max = 10_000, orSingle = false }: ListRules = {}): Kind<T[]> {
  const expected = orSingle ? `${kind.expected}, or a list of them` : `a list of ${pluralOf(kind)}`;
  const schema = { type: 'array', items: kind.schema, ...(min > 0 ? { minItems: min } : {}) };
  return {
    label: `${orSingle ? `${kind.label} \\| ` : ''}list of ${kind.label}`,
    expected,
    schema: orSingle ? { anyOf: [kind.schema, schema] } : schema,
    ...(kind.blocks ? { blocks: kind.blocks } : {}),
    ...(orSingle ? {} : { joins: 'items' }),
    parse: (raw, source) => {
      if (isBlock(raw) && !orSingle && kind.blocks) return new Invalid(raw, expected, { message: blockForList(raw) });
      if (raw === null || (!Array.isArray(raw) && !orSingle)) return new Invalid(raw, expected);
      const items: unknown[] = Array.isArray(raw) ? raw : [raw];
      if (items.length < min) return new Invalid(raw, `${expected}, with at least ${min}`);
      if (items.length > max) return new Invalid(raw, `${expected}, with at most ${max}`);
      const values = items.map(item => read(kind, item, source));
      const only = values[0];
      if (!Array.isArray(raw) && only instanceof Invalid) {
        return typeof raw === 'object' ? only : new Invalid(only.found, expected, only.details);
      }
      return values as T[];
    },
    format: value => value.map(item => kind.format(item)),
  };
}

/** A list whose elements are words, in any order, without repetition. */
export function set<T extends string | number>(kind: Kind<T>, rules: ListRules = {}): Kind<T[]> {
  const all = list(kind, rules);
  return {
    ...all,
    parse: (raw, source) => {
      const values = all.parse(raw, source);
      if (values instanceof Invalid) return values;
      return values.map((item, index) =>
        values.indexOf(item) === index || item instanceof Invalid
          ? item
          : new Invalid(item, 'each element once', { message: `${JSON.stringify(item)} stands twice in the list` }),
      ) as T[];
    },
  };
}

function blockForList(raw: RawBlock): string {
  return `found ${describeFound(raw)}, expected a list of such blocks: "- " in front of each`;
}

function pluralOf(kind: Kind<unknown>): string {
  return kind.blocks ? kind.expected.replaceAll(/\ba block\b/g, 'blocks') : `values, each ${kind.expected}`;
}
