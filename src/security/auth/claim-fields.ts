import { fieldValueOf } from '../../http/field-value.js';
import type { Field } from './decision.js';

/** A text that no parser trims or splits: no controls and line ends, and no blanks (the no-break space among them) at its ends. */
const plain = /^[^\s\p{Cc}](?:[^\p{Cc}\u2028\u2029]*[^\s\p{Cc}])?$/u;
/** Bytes of the longest value. */
const maxLength = 8192;

/**
 * The fields with the claims for a backend, by the map from claim to field. Values are texts (in UTF-8), numbers, booleans, and
 * lists of them, joined by commas. A value that the backend would read differently is left out, never changed: `adm\nin`
 * without its line break would be another person, and so would a list element with a comma in it.
 */
export function claimFields(
  claims: Readonly<Record<string, unknown>>,
  fields: ReadonlyMap<string, string>,
): readonly Field[] {
  const told: Field[] = [];
  for (const [claim, field] of fields) {
    const value = Object.hasOwn(claims, claim) ? fieldValue(claims[claim]) : undefined;
    if (value !== undefined) told.push([field, value]);
  }
  return told;
}

/** A text as the value of a field; undefined where a backend would read it differently. */
export function fieldText(value: string): string | undefined {
  return value === '' ? undefined : scalar(value);
}

function fieldValue(claim: unknown): string | undefined {
  if (!Array.isArray(claim)) return scalar(claim);
  const elements = claim.map(scalar);
  if (elements.length === 0 || elements.some(each => each === undefined || each.includes(','))) return undefined;
  const joined = elements.join(',');
  return joined.length <= maxLength ? joined : undefined;
}

function scalar(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string' || value.length > maxLength || !plain.test(value) || !value.isWellFormed())
    return undefined;
  const bytes = fieldValueOf(value);
  return bytes.length <= maxLength ? bytes : undefined;
}

/** Whether a value can stand in a header field as it is: Latin-1 without controls. */
export function isFieldValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
