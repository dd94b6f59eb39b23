/** The characters that must be escaped in a path (RFC 3986 §3.3). */
const NOT_PCHAR = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]+/g;
/** The same, except that well-formed escapes stay. */
const NOT_PCHAR_OR_ESCAPE = /(?:%(?![0-9a-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%])+/gi;
const NOT_QUERY_OR_ESCAPE = /(?:%(?![0-9a-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%])+/gi;
const NOT_PRINTABLE = /[\x00-\x20\x7f]/g;

/** Percent-encodes text for a path: all but slashes and the characters that a path segment may hold (RFC 3986 §3.3). `%` becomes `%25`. */
export function encodeText(text: string): string {
  return text.replace(NOT_PCHAR, encodeRun);
}

/** Percent-encodes text for a query value: `&`, `=`, `+` and the like too; slashes stay. */
export function encodeQueryText(text: string): string {
  return encodeRun(text).replaceAll('%2F', '/');
}

/** Makes a valid path of a text: well-formed escapes stay as they are, and characters that a path may not hold are encoded. */
export function encodePath(path: string): string {
  return path.replace(NOT_PCHAR_OR_ESCAPE, encodeRun);
}

/** The same for a query. */
export function encodeQuery(query: string): string {
  return query.replace(NOT_QUERY_OR_ESCAPE, encodeRun);
}

/** The same for text that Node has read from the wire: each character up to U+00FF is a byte. */
export function encodeWirePath(path: string): string {
  return path.replace(NOT_PCHAR_OR_ESCAPE, encodeBytes);
}

/** The same for a query. */
export function encodeWireQuery(query: string): string {
  return query.replace(NOT_QUERY_OR_ESCAPE, encodeBytes);
}

/** Encodes only the characters that would break a request line: spaces and controls. All others keep their bytes. */
export function encodeControls(path: string): string {
  return path.replace(NOT_PRINTABLE, encodeBytes);
}

function encodeRun(run: string): string {
  return encodeURIComponent(run.toWellFormed());
}

function encodeBytes(run: string): string {
  if (/[^\x00-\xff]/.test(run)) return encodeRun(run);
  return run.replace(/[^]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
