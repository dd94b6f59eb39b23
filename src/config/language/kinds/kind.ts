import { Invalid } from './invalid.js';
import type { Source } from './source.js';
import { Substituted } from './substituted.js';

/** A JSON Schema (2020-12), or a part of one. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** A class whose instances are blocks of the configuration. */
export type BlockClass<T extends object = object> = new () => T;

/**
 * What a key's value may be: how it is read, how it is written, and how it is described.
 * Parsing never throws and never changes what it is given.
 */
export interface Kind<T> {
  /** Short name for the reference: `duration`. */
  readonly label: string;
  /** What is allowed, as messages say it: `a duration such as 250ms, 5s, 1m`. */
  readonly expected: string;
  readonly schema: JsonSchema;
  /** The block classes that the value may hold. */
  readonly blocks?: readonly (() => BlockClass)[];
  parse(raw: unknown, source: Source): T | Invalid;
  /** The value as a file would spell it. Secrets come out as `****`. */
  format(value: T): unknown;
}

/** Reads a value that may be a substitution: as text first, then as the number or boolean that the text spells. */
export function read<T>(kind: Kind<T>, raw: unknown, source: Source): T | Invalid {
  // A variable that is not set: refused before it could be read.
  if (raw instanceof Invalid) return raw;
  if (!(raw instanceof Substituted)) return kind.parse(raw, source);
  const asText = kind.parse(raw.text, source);
  if (!(asText instanceof Invalid)) return asText;
  const scalar = raw.asScalar();
  const asScalar = scalar === undefined ? asText : kind.parse(scalar, source);
  if (!(asScalar instanceof Invalid)) return asScalar;
  // A kind that hides its value (a secret) has replaced it already: only an echo of the text gets its origin added.
  return asText.found === raw.text ? new Invalid(raw, asText.expected, asText.details) : asText;
}
