import type { RawHeaders } from '../fields/raw-headers.js';
import { COLON, isToken, SPACE, TAB } from './characters.js';
import { type Fault, faults } from './fault.js';

/** Reads the field line from `at` up to `end` (RFC 9112 §5), and adds its name and value to `fields`. There must be no control character in it but tabs. */
export function readField(text: string, at: number, end: number, fields: RawHeaders): Fault | undefined {
  const colon = endOfToken(text, at, end);
  if (colon === at || colon === end || text.charCodeAt(colon) !== COLON) return faultOfName(text, at, colon, end);
  let from = colon + 1;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  fields.push(text.slice(at, colon), text.slice(from, to));
  return undefined;
}

/** The place behind the token that begins at `at`; `at` where none does. */
export function endOfToken(text: string, at: number, end: number): number {
  while (at < end && isToken[text.charCodeAt(at)] === 1) at++;
  return at;
}

function faultOfName(text: string, at: number, colon: number, end: number): Fault {
  if (colon === at && isBlank(text.charCodeAt(at))) return faults.folded;
  const line = text.slice(at, end);
  if (!line.includes(':')) return faults.noColon;
  return /^[^\s:]+[ \t]+:/.test(line) ? faults.spaceBeforeColon : faults.name;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** A name is `lower`, in any spelling. */
export function isNamed(name: string, lower: string): boolean {
  return name.length === lower.length && name.toLowerCase() === lower;
}
