const SPACE = 0x20;
const TAB = 0x09;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;

/**
 * The value of one cookie in a `Cookie` header (RFC 6265 section 4.2), without quotes around it; the first when the name comes
 * twice. Undefined when it is absent. Cuts nothing but that value out of the header.
 */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  for (let at = header.indexOf(name); at >= 0; at = header.indexOf(name, at + 1)) {
    const equals = at + name.length;
    if (header.charCodeAt(equals) !== EQUALS || !startsPair(header, at)) continue;
    const end = header.indexOf(';', equals);
    const value = header.slice(equals + 1, end < 0 ? undefined : end).trimEnd();
    return isQuoted(value) ? value.slice(1, -1) : value;
  }
  return undefined;
}

function startsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && (header.charCodeAt(before) === SPACE || header.charCodeAt(before) === TAB)) before--;
  return before < 0 || header.charCodeAt(before) === SEMICOLON;
}

function isQuoted(value: string): boolean {
  return value.length > 1 && value.charCodeAt(0) === QUOTE && value.charCodeAt(value.length - 1) === QUOTE;
}
