import { Substituted } from './substituted.js';

const longest = 60;

/** Describes a found value for a message: a quoted text, a number, or the sort of collection. */
export function describeFound(value: unknown): string {
  if (value instanceof Substituted) return `${describeFound(value.text)} (from ${value.original})`;
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') {
    const keys = Object.keys(value);
    return keys.length === 0 ? 'an empty block' : `a block with ${shorten(keys.join(', '))}`;
  }
  return typeof value === 'string' ? JSON.stringify(shorten(value)) : shorten(String(value));
}

function shorten(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
