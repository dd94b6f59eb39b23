import type { Ajv, FuncKeywordDefinition } from 'ajv';
import type { Steps } from '../patterns/steps.js';
import { canonicalText } from './canonical.js';

type Compile = NonNullable<FuncKeywordDefinition['compile']>;

/**
 * Replaces the keywords whose work Ajv does in a function of its own: comparisons, and counts of characters and of names. The
 * replacements mean the same (JSON Schema validation §6) and count their steps.
 */
export function addCountedKeywords(ajv: Ajv, steps: Steps): void {
  const replace = (
    keyword: string,
    kinds: Pick<FuncKeywordDefinition, 'type' | 'schemaType'>,
    compile: Compile,
  ): void => {
    const { error } = ajv.getKeyword(keyword) as FuncKeywordDefinition;
    const message = keyword === 'uniqueItems' ? { message: 'must NOT have duplicate items' } : error;
    ajv.removeKeyword(keyword);
    ajv.addKeyword({ keyword, ...kinds, compile, ...(message && { error: message }) });
  };
  const text = { type: 'string', schemaType: 'number' } as const;
  replace('maxLength', text, (most: number) => (value: string) => !hasMoreThan(value, most, steps));
  replace('minLength', text, (least: number) => (value: string) => hasMoreThan(value, least - 1, steps));
  const object = { type: 'object', schemaType: 'number' } as const;
  replace('maxProperties', object, (most: number) => (value: object) => namesOf(value, steps) <= most);
  replace('minProperties', object, (least: number) => (value: object) => namesOf(value, steps) >= least);
  replace('uniqueItems', { type: 'array', schemaType: 'boolean' }, (unique: boolean) => (items: readonly unknown[]) => {
    return !unique || areDifferent(items, steps);
  });
  replace('const', {}, (constant: unknown) => oneOf([constant], steps));
  replace('enum', { schemaType: 'array' }, (values: readonly unknown[]) => oneOf(values, steps));
}

/**
 * Whether a text has more than `limit` code points. A code point has one or two units, so they are counted only when the number
 * of units does not decide it.
 */
function hasMoreThan(text: string, limit: number, steps: Steps): boolean {
  const { length } = text;
  if (length <= limit || length > 2 * limit) return length > limit;
  steps.take(length >> 2);
  let count = length;
  for (let i = 0; i < length && count > limit; i++) {
    if (text.codePointAt(i)! <= 0xffff) continue;
    count--;
    i++;
  }
  return count > limit;
}

function namesOf(value: object, steps: Steps): number {
  const { length } = Object.keys(value);
  steps.take(length >> 2);
  return length;
}

function areDifferent(items: readonly unknown[], steps: Steps): boolean {
  const seen = new Set<string>();
  for (const item of items) if (seen.size === seen.add(canonicalText(item, steps)).size) return false;
  return true;
}

function oneOf(values: readonly unknown[], steps: Steps): (value: unknown) => boolean {
  if (values.length === 0) throw new Error('enum must have a value');
  const scalars = new Set(values.filter(value => !isCollection(value)));
  const collections = values.filter(isCollection);
  return value => (isCollection(value) ? collections.some(each => areEqual(each, value, steps)) : scalars.has(value));
}

function isCollection(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Takes at most one step for each part of the first value, and a few for the names of the second. */
function areEqual(one: unknown, other: unknown, steps: Steps): boolean {
  steps.take(1);
  if (!isCollection(one) || !isCollection(other)) return one === other;
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((each, index) => areEqual(each, other[index], steps));
  }
  const names = Object.keys(one);
  if (names.length !== namesOf(other, steps)) return false;
  return names.every(
    name => Object.hasOwn(other, name) && areEqual(Reflect.get(one, name), Reflect.get(other, name), steps),
  );
}
