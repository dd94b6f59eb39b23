import { Invalid } from './invalid.js';
import { Placed } from './placed.js';
import type { Source } from './source.js';
import { Substituted } from './substituted.js';

/** A JSON Schema (2020-12), or a part of one. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** A class whose instances are blocks of the configuration. */
export type BlockClass<T extends object = object> = new () => T;

/**
 * `items`: the lists are put one behind the other. `names`: the maps become one, in which each name stands once. `keys`: the blocks become one, key by
 * key.
 */
export type Joining = 'items' | 'names' | 'keys';

/** The type of a key's value: how it is read, written and described. Parsing never throws and never changes its input. */
export interface Kind<T> {
  /** Short name for the reference: `duration`. */
  readonly label: string;
  /** The allowed values, for messages: `a duration such as 250ms, 5s, 1m`. */
  readonly expected: string;
  readonly schema: JsonSchema;
  /** The block classes that the value may hold. */
  readonly blocks?: readonly (() => BlockClass)[];
  /** How the values that several files give become one. Default: only one file may give the value. */
  readonly joins?: Joining;
  parse(raw: unknown, source: Source): T | Invalid;
  /** The value in the spelling of the file. Secrets are written as `****`. */
  format(value: T): unknown;
}

/** Reads a value that may be a substitution: as text first, then as the number or boolean that the text spells. */
export function read<T>(kind: Kind<T>, raw: unknown, source: Source): T | Invalid {
  if (raw instanceof Placed) return read(kind, raw.value, raw.source);
  // A variable was not set, so the value has already been refused.
  if (raw instanceof Invalid) return raw;
  if (!(raw instanceof Substituted)) return kind.parse(raw, source);
  const asText = kind.parse(raw.text, source);
  if (!(asText instanceof Invalid)) return asText;
  const scalar = raw.asScalar();
  const asScalar = scalar === undefined ? asText : kind.parse(scalar, source);
  if (!(asScalar instanceof Invalid)) return asScalar;
  // A kind for secrets has already replaced the value: the original is added only when the message would repeat the text.
  return asText.found === raw.text ? new Invalid(raw, asText.expected, asText.details) : asText;
}
