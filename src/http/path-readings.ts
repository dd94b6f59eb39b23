import { decode, isPlain, mergeSlashes, routingPath, withoutDotSegments } from './path.js';

/** What servers behind the gateway may take a path for, other than what the gateway routes it by. */
interface PathReadings {
  /** Each once, decoded as `routingPath` is. Empty slashes are in those of servers that do not merge them. */
  readonly others: readonly string[];
  /**
   * In one of them the path leads out of where it seems to be: past `..`, past a host at its beginning, into segments that are none
   * for the gateway.
   */
  readonly strays: boolean;
}

/** Bounds of the work: what can be read in more ways is refused. Characters of all readings together. */
const mostTexts = 32;
const mostCharacters = 64 * 1024;
const mostDecodings = 4;

/** What any of the steps below could read in a second way. */
const AMBIGUOUS =
  /[\\;\x00-\x1f\x7f]|\/\/|[ ](?=\/|$)|\/\.{1,2}(?:\/|$)|%(?:20(?=\/|$)|[01][0-9a-f]|7f|2[35ef]|3[bf]|5c)/i;
const AUTHORITY = /^[/\\]{2,}[^/\\]*/;
/** A separator for some servers that is none for the gateway. */
const HIDDEN_SEPARATOR = /\\|%(?:5c|25(?:25)*(?:2f|5c))/i;
const DOUBLE_DOT = /\/\.\.(?:\/|$)/;
const ESCAPE = /%[0-9a-f]{2}/i;

type Step = (text: string) => string;

/**
 * The readings of a path as it is forwarded, by servers that common backends are made of, and by any mixture of them:
 *
 * 1. `//x/admin` and `/\x/admin` are `/admin` of the host `x` (`new URL(path, base)` of Node and browsers, `parse_url` of PHP);
 * 2. escapes are decoded but for `%2F` and `%5C`, all once, or again and again (a proxy or a filter in front of the application);
 * 3. `\` is a slash (the WHATWG URL, Windows, .NET);
 * 4. `;` and what follows in a segment is no part of it, before dots are looked at (Java: Tomcat, Jetty, Spring);
 * 5. control characters vanish, as do spaces at the end of a segment (Windows, patterns that end in `$`);
 * 6. the path ends at a NUL, or at a `?` or `#` that was encoded (C strings, rewriting in two steps);
 * 7. `..` is resolved before or after slashes are merged (RFC 3986, file systems), or not at all, and `//` stays or is merged.
 *
 * Undefined: there is one reading only, that of `routingPath`; looking costs one pass over the path. `too-many`: it is made to be
 * read in more ways than can be looked at.
 */
export function pathReadings(path: string): PathReadings | 'too-many' | undefined {
  if (isPlain(path) || !AMBIGUOUS.test(path)) return undefined;
  const decoded = decodings(new Set([path, ...withoutAuthority(path)]));
  if (decoded === undefined) return 'too-many';
  let texts = decoded;
  for (const step of [backslashIsSlash, withoutParameters, withoutControls, cutOff]) {
    texts = new Set([...texts].flatMap(text => [text, ...besides(text, step)]));
    if (isTooMuch(texts, path)) return 'too-many';
  }
  const strays = HIDDEN_SEPARATOR.test(path) || [...texts].some(text => AUTHORITY.test(text) || DOUBLE_DOT.test(text));
  // A host may have come to light by any of the steps: `/%2f/x/admin`, `/;/x/admin`, `/a/..//x/admin`.
  texts = new Set([...texts].flatMap(text => [text, ...withoutAuthority(text), ...withoutAuthority(resolved(text))]));
  if (isTooMuch(texts, path)) return 'too-many';
  const readings = new Set<string>();
  for (const text of texts) addSegmentations(readings, text);
  readings.delete(routingPath(path));
  return { others: [...readings], strays };
}

function isTooMuch(texts: ReadonlySet<string>, path: string): boolean {
  return texts.size > mostTexts || texts.size * path.length > mostCharacters;
}

function besides(text: string, step: Step): string[] {
  const other = step(text);
  return other === text ? [] : [other];
}

/** A backslash ends the host for some, and is a part of it for others. */
function withoutAuthority(path: string): string[] {
  if (!AUTHORITY.test(path)) return [];
  const strict = path.replace(/^\/\/+[^/]*/, '');
  const rests = [path.replace(AUTHORITY, '').replace(/^\\/, '/'), strict];
  return rests.filter(rest => rest !== path).map(rest => (rest === '' ? '/' : rest));
}

/** Each text with only its harmless escapes decoded, with all of them decoded, and that decoded again until nothing is left to decode. */
function decodings(texts: ReadonlySet<string>): Set<string> | undefined {
  const all = new Set<string>();
  for (const text of texts) {
    all.add(decode(text.replace(/%(?=2f|5c|25)/gi, '%25')));
    let once = decode(text);
    all.add(once);
    for (let n = 1; ESCAPE.test(once); n++) {
      const again = decode(asBytes(once));
      if (again === once) break;
      if (n === mostDecodings) return undefined;
      all.add((once = again));
    }
  }
  return all;
}

/** Text that was decoded already holds characters, where `decode` takes them for bytes. */
function asBytes(text: string): string {
  return text.replace(/[^\x00-\x7f]+/g, run => encodeURIComponent(run.toWellFormed()));
}

function backslashIsSlash(text: string): string {
  return text.replaceAll('\\', '/');
}

function withoutParameters(text: string): string {
  return text.includes(';') ? text.replace(/;[^/]*/g, '') : text;
}

function withoutControls(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]+| +(?=\/|$)/g, '').replace(/ +(?=\/|$)/g, '');
}

function cutOff(text: string): string {
  const end = text.search(/[\x00?#]/);
  return end === -1 ? text : text.slice(0, end);
}

function addSegmentations(readings: Set<string>, text: string): void {
  const merged = mergeSlashes(text);
  readings.add(merged);
  readings.add(resolved(merged));
  if (merged === text) return;
  readings.add(text);
  readings.add(resolved(text));
  readings.add(mergeSlashes(resolved(text)));
}

function resolved(text: string): string {
  return withoutDotSegments(text, false);
}
