import { plainToInstance } from 'class-transformer';
import { blockClassOf, fieldsOf, rememberWritten } from '../fields.js';
import { Invalid } from './invalid.js';
import type { BlockClass, Kind } from './kind.js';
import { isBlock, type RawBlock } from './raw-block.js';
import type { ReadOptions } from './read-options.js';
import type { Source } from './source.js';

/** The short form of a block. */
export interface BlockRules<T extends object> {
  /** Expands a value in short form to its block; undefined: it is no short form. */
  readonly expand?: (raw: unknown) => RawBlock | undefined;
  /** The JSON Schema of the short form. */
  readonly shortSchema?: Readonly<Record<string, unknown>>;
  /** The short form, for messages: `a URL`. */
  readonly shortExpected?: string;
  /** The short form of a formatted block, undefined when it needs the long one. */
  readonly shorten?: (formatted: RawBlock, value: T) => unknown;
}

/** A block of keys: an instance of a class whose properties carry `@Key`. */
export function block<T extends object>(blockClass: () => BlockClass<T>, rules: BlockRules<T> = {}): Kind<T> {
  const keys = (): string => [...fieldsOf(blockClass()).keys()].join(', ');
  const described = (): string => `${rules.shortExpected ? `${rules.shortExpected}, or ` : ''}a block with ${keys()}`;
  return {
    label: rules.shortExpected ? `${rules.shortExpected.replace(/^an? /, '')} \\| block` : 'block',
    get expected() {
      return described();
    },
    get schema() {
      const reference = { $ref: `#/$defs/${blockClass().name}` };
      return rules.shortSchema ? { anyOf: [rules.shortSchema, reference] } : reference;
    },
    blocks: [blockClass],
    joins: 'keys',
    parse: (raw, source) => {
      const expanded = rules.expand?.(raw) ?? raw;
      return isBlock(expanded) ? instantiate(blockClass(), expanded, source) : new Invalid(raw, described());
    },
    format: value => {
      const formatted = formatBlock(value);
      return rules.shorten?.(formatted, value) ?? formatted;
    },
  };
}

/**
 * Marks keys such as `__proto__`, `constructor` and `toString`: class-transformer would drop them in silence,
 * and class-validator would find them among the properties of every object.
 */
export const reservedMark = '\u0000';

/** An instance of a block class from a raw block; refused values stay in it as `Invalid`. */
export function instantiate<T extends object>(blockClass: BlockClass<T>, raw: RawBlock, source: Source): T {
  // class-transformer copies its input before it transforms it, and fails on a nested key named `constructor`. It does not look
  // into functions, so the values are wrapped in functions.
  const safe = Object.fromEntries(
    Object.entries(raw).map(([key, value]) => [
      key in Object.prototype ? `${reservedMark}${key}` : key,
      (): unknown => value,
    ]),
  );
  const options: ReadOptions = { source };
  const instance = plainToInstance(blockClass, safe, options);
  rememberWritten(instance, raw);
  return instance;
}

/** The keys of a block with their values in the spelling of the file; keys without a value are left out. */
export function formatBlock(value: object): Record<string, unknown> {
  const properties = new Map(Object.entries(value));
  const formatted: Record<string, unknown> = {};
  for (const [key, { kind }] of fieldsOf(blockClassOf(value))) {
    const property = properties.get(key);
    if (property !== undefined) formatted[key] = kind.format(property);
  }
  return formatted;
}
