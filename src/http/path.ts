/** A request-target, taken apart. */
interface Target {
  /** Starts with `/`, or is `*`. */
  readonly path: string;
  /** Without its `?`. Undefined: there was no `?`; empty: there was nothing after it. */
  readonly query: string | undefined;
  /** Of a target in absolute form: it takes the place of the Host field (RFC 9112 §3.2.2). */
  readonly authority: string | undefined;
}

/** What some reader might not take for itself: an escape, `;`, a backslash, a byte above ASCII, a control, `//`, or a dot after a slash. */
const SUSPECT = /[%;\\\x00-\x20\x7f-\uffff]|\/[./]/;
/** `.` or `..` between slashes, also spelled `%2e`. */
export const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?=\/|$)/i;
const SINGLE_DOT = /^(?:\.|%2e)$/i;
const DOUBLE_DOT = /^(?:\.|%2e){2}$/i;
const ABSOLUTE = /^https?:\/\/([^/?]+)/i;

/**
 * Takes a request-target apart: origin form, absolute form, or `*` (RFC 9112 §3.2).
 * Undefined when it is none of these, or has a `#`: a fragment is never sent, and a backend that cuts it off would see another path.
 */
export function splitTarget(url: string): Target | undefined {
  if (url.includes('#')) return undefined;
  if (url.charCodeAt(0) !== SLASH)
    return url === '*' ? { path: url, query: undefined, authority: undefined } : splitAbsolute(url);
  return splitQuery(url, undefined);
}

function splitAbsolute(url: string): Target | undefined {
  const found = ABSOLUTE.exec(url);
  if (found === null) return undefined;
  const rest = url.slice(found[0].length);
  return splitQuery(rest.startsWith('/') ? rest : `/${rest}`, found[1]);
}

function splitQuery(url: string, authority: string | undefined): Target {
  const mark = url.indexOf('?');
  if (mark === -1) return { path: url, query: undefined, authority };
  return { path: url.slice(0, mark), query: url.slice(mark + 1), authority };
}

/** Whether a path has one spelling and one reading: nothing in it can be normalised, refused, or taken for another path. */
export function isPlain(path: string): boolean {
  return path.charCodeAt(0) === SLASH && !SUSPECT.test(path);
}

/**
 * The one spelling of a path that routing looks at, so that no other spelling evades a route. In this order: dot segments
 * are removed as RFC 3986 §5.2.4 has it (`%2e` is a dot); every escape that is valid UTF-8 is decoded, `%2F` too, and raw
 * bytes above ASCII (which Node gives as Latin-1 characters) likewise; slashes are merged; dot segments that came to light
 * are removed, never above the root. `%zz` stays, bytes that are no UTF-8 are written `%XX`, a backslash stays a backslash,
 * and `..;x` is no dot segment: what other servers make of these is told by `pathReadings`. Returns the same string when there is nothing to do. Never throws. `*` stays `*`.
 */
export function routingPath(path: string): string {
  if (isPlain(path) || path === '*') return path;
  const decoded = decode(withoutDotSegments(rooted(path)));
  return withoutDotSegments(mergeSlashes(decoded), false);
}

/** With a slash before it where it has none. */
export function rooted(path: string): string {
  return path.charCodeAt(0) === SLASH ? path : `/${path}`;
}

/** With one slash for each run of them. */
export function mergeSlashes(path: string): string {
  return path.includes('//') ? path.replace(/\/{2,}/g, '/') : path;
}

/** RFC 3986 §5.2.4; with `escapes`, `%2e` is a dot. */
export function withoutDotSegments(path: string, escapes = true): string {
  if (!DOT_SEGMENT.test(path)) return path;
  const kept: string[] = [];
  const segments = path.split('/');
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i] ?? '';
    const dots = escapes ? dotsOf(segment) : segment === '.' ? 1 : segment === '..' ? 2 : 0;
    if (dots === 0) kept.push(segment);
    else {
      if (dots === 2) kept.pop();
      // A dot segment at the end stands for a directory.
      if (i === segments.length - 1) kept.push('');
    }
  }
  return `/${kept.join('/')}`;
}

function dotsOf(segment: string): 0 | 1 | 2 {
  return SINGLE_DOT.test(segment) ? 1 : DOUBLE_DOT.test(segment) ? 2 : 0;
}

const SLASH = 0x2f;
const PERCENT = 0x25;

/** Decodes percent-escapes and raw bytes 0x80–0xFF as UTF-8; what is not valid text is left as an escape in upper case. */
export function decode(text: string): string {
  let decoded = '';
  let copied = 0;
  for (let i = 0; i < text.length;) {
    const byte = byteAt(text, i);
    if (byte === -1 || (byte < 0x80 && text.charCodeAt(i) !== PERCENT)) {
      i++;
      continue;
    }
    decoded += text.slice(copied, i);
    const sequence = codePointAt(text, i, byte);
    i = sequence?.end ?? i + widthAt(text, i);
    decoded += sequence === undefined ? escape(byte) : String.fromCodePoint(sequence.codePoint);
    copied = i;
  }
  return copied === 0 ? text : decoded + text.slice(copied);
}

/** The byte that starts at a position, raw or as an escape; -1 for a broken escape and for characters that are no byte. */
function byteAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code !== PERCENT) return code <= 0xff ? code : -1;
  const high = hexValue(text.charCodeAt(index + 1));
  const low = hexValue(text.charCodeAt(index + 2));
  return high === -1 || low === -1 ? -1 : high * 16 + low;
}

function widthAt(text: string, index: number): number {
  return text.charCodeAt(index) === PERCENT ? 3 : 1;
}

function codePointAt(text: string, start: number, first: number): { codePoint: number; end: number } | undefined {
  let end = start + widthAt(text, start);
  if (first < 0x80) return { codePoint: first, end };
  const more =
    first >= 0xf0 && first <= 0xf4 ? 3 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xc2 && first < 0xe0 ? 1 : 0;
  if (more === 0) return undefined;
  let codePoint = first & (0x3f >> more);
  for (let n = 0; n < more; n++) {
    const byte = end < text.length ? byteAt(text, end) : -1;
    if (byte === -1 || (byte & 0xc0) !== 0x80) return undefined;
    codePoint = codePoint * 64 + (byte & 0x3f);
    end += widthAt(text, end);
  }
  const smallest = more === 1 ? 0x80 : more === 2 ? 0x800 : 0x10000;
  const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
  return codePoint < smallest || codePoint > 0x10ffff || isSurrogate ? undefined : { codePoint, end };
}

function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function escape(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}
