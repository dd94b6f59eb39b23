import { PatternError } from './pattern-error.js';

/** The result of reading: its length in the source, and its spelling for `RegExp` with the `u` flag. */
type Read = readonly [length: number, source: string];

const escape =
  /\\(?:u\{[0-9a-f]+\}|u[dD][89abAB][0-9a-f]{2}\\u[dD][c-f][0-9a-f]{2}|u[0-9a-f]{4}|x[0-9a-f]{2}|c[a-z]|[pP]\{[^}]*\}|[dDsSwWtnvfr]|0(?!\d))/iy;

/** Reads an escape for one character: one of ECMA-262, or any escaped punctuation. */
export function readEscape(source: string, at: number): Read {
  escape.lastIndex = at;
  const known = escape.exec(source)?.[0];
  if (known !== undefined) return [known.length, known];
  const next = String.fromCodePoint(source.codePointAt(at + 1)!);
  if (/[1-9k]/.test(next)) {
    throw new PatternError(
      `has the back reference \\${next}, which no engine matches in linear time: repeat what it refers to, or compare two fields instead`,
    );
  }
  if (/[0-9A-Za-z]/.test(next)) {
    const anchor = { A: '^', z: '$', Z: '$' }[next];
    const advice = anchor === undefined ? `write ${next} without the backslash if it is meant` : `write ${anchor}`;
    throw new PatternError(`has the escape \\${next}, which ECMAScript does not know: ${advice}`);
  }
  return [1 + next.length, literal(next)];
}

/** Reads a class such as `[^a-z\d]`. */
export function readClass(source: string, at: number): Read {
  let text = '[';
  let i = at + 1;
  while (i < source.length && source[i] !== ']') {
    const next = source[i + 1] ?? '';
    if (source[i] !== '\\') text += source[i++]!;
    else if (/[0-9A-Za-z]/.test(next)) {
      text += `\\${next}`;
      i += 2;
    } else {
      text += /[$^\\.*+?()[\]{}|/-]/.test(next) ? `\\${next}` : next;
      i += 2;
    }
  }
  return [i + 1 - at, `${text}]`];
}

function literal(character: string): string {
  return /[$^\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
