import type { IncomingHttpHeaders } from 'node:http';
import type { RawHeaders } from '../fields/raw-headers.js';

/** Fields of which a message has one value: of several the first counts, as in Node. */
const single: ReadonlySet<string> = new Set([
  ...['age', 'authorization', 'content-length', 'content-type', 'etag', 'expires', 'from', 'host'],
  ...['if-modified-since', 'if-unmodified-since', 'last-modified', 'location', 'max-forwards'],
  ...['proxy-authorization', 'referer', 'retry-after', 'server', 'user-agent'],
]);

/**
 * Fields by their names in lower case, as `IncomingMessage.headers` has them: values of one name are joined by commas, those of `Cookie` by semicolons, and those of
 * `Set-Cookie` are a list. The object has no prototype.
 */
export function joinedHeaders(raw: Readonly<RawHeaders>): IncomingHttpHeaders {
  const headers = Object.create(null) as Record<string, string | string[]>;
  for (let at = 0; at < raw.length; at += 2) add(headers, raw[at]!.toLowerCase(), raw[at + 1]!);
  return headers;
}

function add(headers: Record<string, string | string[]>, lower: string, value: string): void {
  const known = headers[lower];
  if (lower === 'set-cookie') {
    if (Array.isArray(known)) known.push(value);
    else headers[lower] = [value];
  } else if (known === undefined) headers[lower] = value;
  else if (!single.has(lower)) headers[lower] = `${known as string}${lower === 'cookie' ? '; ' : ', '}${value}`;
}
