import { findDanger } from '../kinds/pattern-danger.js';
import { longestFor } from './bounded-pattern.js';
import { patternDegree } from '../kinds/pattern-degree.js';

/** What a schema asks for that a hostile body could turn into long work. */
export interface SchemaDangers {
  /** One line for each place that must be changed. */
  readonly errors: string[];
  /** One line for each place that had better be. */
  readonly warnings: string[];
}

/** Most items that may be compared each with each. */
const mostCompared = 1000;
/** Keywords whose values are data, not schemas. */
const data = new Set(['const', 'default', 'enum', 'examples']);
const scalars = new Set(['string', 'number', 'integer', 'boolean', 'null']);

/** Looks through a schema for patterns and comparisons whose time a hostile body could blow up. */
export function dangersOf(schema: unknown): SchemaDangers {
  const found: SchemaDangers = { errors: [], warnings: [] };
  look(schema, '#', found);
  return found;
}

function look(schema: unknown, place: string, found: SchemaDangers): void {
  if (typeof schema !== 'object' || schema === null) return;
  const keywords = new Map<string, unknown>(Object.entries(schema));
  const isBounded = typeof keywords.get('maxLength') === 'number';
  const expression = keywords.get('pattern');
  if (typeof expression === 'string') judge(expression, `${place}/pattern`, isBounded, found);
  const patterned = keywords.get('patternProperties');
  for (const each of typeof patterned === 'object' && patterned !== null ? Object.keys(patterned) : []) {
    judge(each, `${place}/patternProperties`, false, found);
  }
  if (keywords.get('uniqueItems') === true && !isCheaplyUnique(keywords)) {
    const why = `compares each item with each: with items that may be objects or arrays it needs maxItems, at most ${mostCompared}`;
    found.errors.push(`${place}/uniqueItems ${why}`);
  }
  for (const [keyword, value] of keywords) {
    if (!data.has(keyword) || Array.isArray(schema)) look(value, `${place}/${keyword}`, found);
  }
}

function judge(expression: string, place: string, isBounded: boolean, { errors, warnings }: SchemaDangers): void {
  const danger = findDanger(expression);
  const degree = patternDegree(expression);
  if (danger !== undefined) errors.push(`${place} ${JSON.stringify(expression)} ${danger}`);
  else if (!isBounded && degree > 1) {
    const advice = expression.startsWith('^') ? 'give a maxLength' : 'begin it with ^, or give a maxLength';
    const limit = `so it matches no text of more than ${longestFor(degree)} characters: ${advice}`;
    warnings.push(`${place} ${JSON.stringify(expression)} may take time that grows faster than the text, ${limit}`);
  }
}

function isCheaplyUnique(keywords: ReadonlyMap<string, unknown>): boolean {
  const most = keywords.get('maxItems');
  if (typeof most === 'number' && most <= mostCompared) return true;
  const items = keywords.get('items');
  const type: unknown = typeof items === 'object' && items !== null ? Reflect.get(items, 'type') : undefined;
  return [type].flat().every(each => typeof each === 'string' && scalars.has(each));
}
