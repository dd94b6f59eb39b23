import { valuesOf } from './header-list.js';

/** A request that can be understood in one way only. */
export interface StrictRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

/** Why bytes could be understood in more than one way. */
export class Ambiguous extends Error {
  override readonly name = 'Ambiguous';
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP\/1\.1$/;
const hostValue = /^(?:|(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?)$/;
const notInTrailers =
  /^(?:host|content-length|transfer-encoding|trailer|te|connection|content-type|authorization|set-cookie|expect)$/i;

/** Splits field lines; any byte that a lenient parser could take for something else makes them ambiguous. */
function fieldsOf(lines: readonly string[]): string[] {
  return lines.flatMap(line => {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '');
    if (!token.test(name)) throw new Ambiguous(`field name in ${JSON.stringify(line)}`);
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw new Ambiguous(`field value in ${JSON.stringify(line)}`);
    return [name, value];
  });
}

/** Lines up to the empty one, and where that ends; undefined while it has not come. */
function linesOf(text: string, from: number): { readonly lines: string[]; readonly end: number } | undefined {
  const end = text.startsWith('\r\n', from) ? from : text.indexOf('\r\n\r\n', from);
  if (end === -1) return undefined;
  const lines = end === from ? [] : text.slice(from, end).split('\r\n');
  for (const line of lines)
    if (/[\r\n\0]/.test(line)) throw new Ambiguous(`a bare CR, LF or NUL in ${JSON.stringify(line)}`);
  return { lines, end: end === from ? end + 2 : end + 4 };
}

/**
 * Reads the first request in `text` (one character for each byte) as strictly as RFC 9112 allows: one framing, one valid Host, no
 * chunk extensions, no leading zeros, no bare CR or LF, nothing that two parsers have ever read differently. Undefined while it is not whole.
 * @throws Ambiguous
 */
export function readStrictly(text: string): { readonly request: StrictRequest; readonly used: number } | undefined {
  const head = linesOf(text, 0);
  if (head === undefined) return undefined;
  const [first = '', ...rest] = head.lines;
  const [, method, target] = requestLine.exec(first) ?? [];
  if (method === undefined || target === undefined) throw new Ambiguous(`request line ${JSON.stringify(first)}`);
  const headers = fieldsOf(rest);
  const [host, ...otherHosts] = valuesOf(headers, 'host');
  if (host === undefined || otherHosts.length > 0 || !hostValue.test(host)) throw new Ambiguous(`Host: ${host}`);
  for (const value of valuesOf(headers, 'connection')) {
    if (!/^(?:keep-alive|close)$/i.test(value)) throw new Ambiguous(`Connection: ${value}`);
  }
  const lengths = valuesOf(headers, 'content-length');
  const codings = valuesOf(headers, 'transfer-encoding');
  if (lengths.length + codings.length > 1) throw new Ambiguous(`framing ${[...lengths, ...codings].join(' and ')}`);
  const message = { method, target, headers };
  if (codings[0] !== undefined) {
    if (codings[0] !== 'chunked') throw new Ambiguous(`Transfer-Encoding: ${codings[0]}`);
    const chunked = chunksOf(text, head.end);
    return chunked && { request: { ...message, body: chunked.body, trailers: chunked.trailers }, used: chunked.end };
  }
  const length = lengths[0] ?? '0';
  if (!/^(?:0|[1-9]\d{0,15})$/.test(length)) throw new Ambiguous(`Content-Length: ${length}`);
  const end = head.end + Number(length);
  if (text.length < end) return undefined;
  return { request: { ...message, body: text.slice(head.end, end), trailers: [] }, used: end };
}

function chunksOf(text: string, from: number): { body: string; trailers: string[]; end: number } | undefined {
  let body = '';
  for (let at = from; ;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const line = text.slice(at, lineEnd);
    if (!/^(?:0|[1-9a-fA-F][0-9a-fA-F]{0,7})$/.test(line)) throw new Ambiguous(`chunk size ${JSON.stringify(line)}`);
    const size = Number.parseInt(line, 16);
    at = lineEnd + 2;
    if (size === 0) {
      const found = linesOf(text, at);
      if (found === undefined) return undefined;
      const trailers = fieldsOf(found.lines);
      for (let i = 0; i < trailers.length; i += 2) {
        if (notInTrailers.test(trailers[i]!)) throw new Ambiguous(`trailer ${trailers[i]}`);
      }
      return { body, trailers, end: found.end };
    }
    if (text.length < at + size + 2) return undefined;
    body += text.slice(at, at + size);
    if (text.slice(at + size, at + size + 2) !== '\r\n') throw new Ambiguous('a chunk without its CRLF');
    at += size + 2;
  }
}
