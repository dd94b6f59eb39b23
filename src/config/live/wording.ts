/** Longest spelling of a value, in characters; what is longer ends in `…`. */
const longest = 120;

/** Text that needs no quotes: visible, without quotes and backslashes of its own. */
const plain = /^[^\s\p{C}\p{Z}"\\]+$/u;
/** What controls a terminal, breaks a line or changes the direction of a text; and lone halves of characters. */
const unprintable = /[\p{C}\u2028\u2029]/gu;

/** The word for a value that is not there. */
export const unset = 'unset';

/** A value, as kinds format it, on one line: `5s`, `[GET, POST]`, `{ name: audit, level: 3 }`. No control character gets into it. */
export function spell(value: unknown): string {
  if (value === undefined) return unset;
  if (typeof value === 'string') return spellText(value);
  if (Array.isArray(value)) return cut(`[${value.slice(0, longest).map(spell).join(', ')}]`);
  // Options of an embedded gateway may be functions: their source is no value to show.
  if (typeof value === 'function') return 'function';
  if (typeof value !== 'object' || value === null) return spellText(String(value));
  const parts = Object.entries(value).slice(0, longest);
  return cut(
    parts.length === 0 ? '{}' : `{ ${parts.map(([key, part]) => `${spell(key)}: ${spell(part)}`).join(', ')} }`,
  );
}

/** Whether nothing was left out of the spelling of a value. */
export function isWhole(spelling: string): boolean {
  return spelling.length <= longest;
}

/** The way to a key, one step longer; unusual keys in brackets: `headers["a b"]`. */
export function below(path: string, key: string): string {
  if (!/^[\w.-]+$/.test(key)) return `${path}[${spell(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

function spellText(text: string): string {
  const shown = cut(text);
  return plain.test(shown) && text !== unset ? shown : JSON.stringify(shown).replace(unprintable, escape);
}

function cut(text: string): string {
  return isWhole(text) ? text : `${text.slice(0, longest).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** `\\uXXXX` for each code unit. */
function escape(character: string): string {
  return Array.from({ length: character.length }, (_, place) => character.charCodeAt(place))
    .map(unit => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');
}
