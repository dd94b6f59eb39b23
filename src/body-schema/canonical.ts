import { hash } from 'node:crypto';
import type { Steps } from '../patterns/steps.js';

/** Texts with more characters than this are replaced by their hash. */
const longest = 256;

/**
 * A text that two JSON values share exactly when they are equal (JSON Schema core §4.2.2): the order of an object's names does not
 * matter. Takes a step for each value and for every eight characters of its texts. @throws StepsSpent
 */
export function canonicalText(value: unknown, steps: Steps): string {
  const text = written(value, steps);
  return text.length <= longest ? text : hash('sha256', text, 'base64');
}

function written(value: unknown, steps: Steps): string {
  steps.take(1);
  if (typeof value === 'string') {
    steps.take(value.length >> 3);
    return JSON.stringify(value);
  }
  // The space keeps a number from being an array index: a client could choose where indices are stored in a set.
  if (typeof value !== 'object' || value === null) return ` ${String(value)}`;
  if (Array.isArray(value)) return `[${value.map(item => canonicalText(item, steps)).join()}]`;
  const names = Object.keys(value).sort();
  for (const name of names) steps.take(1 + (name.length >> 3));
  return `{${names.map(name => `${JSON.stringify(name)}:${canonicalText(Reflect.get(value, name), steps)}`).join()}}`;
}
