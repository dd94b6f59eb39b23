import type { RawHeaders } from '../fields/raw-headers.js';

const badName = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/;
const badValue = /[^\t\x20-\x7e\x80-\xff]/;
const badTarget = /[^\x21-\x7e]/;

/** A head that cannot be written, since a recipient would read it as another one. */
export class UnwritableHead extends Error {}

/** Places of a head whose fields are remembered, and the longest value that is, in characters. */
const remembered = 64;
const longestRemembered = 128;

/**
 * The fields that were found to be writable last, by their place in a head. Most heads have at a place what the head before had there, and to see
 * that two texts are equal takes a third of the time that an examination takes.
 */
class KnownFields {
  readonly #names: string[] = Array<string>(remembered).fill('host');
  readonly #values: string[] = Array<string>(remembered).fill('');

  /** No recipient takes the field for another one, or for several. `at`: its place in the head. */
  isWritable(at: number, name: string, value: string): boolean {
    const place = at >> 1;
    if (place >= remembered) return isName(name) && !badValue.test(value);
    if (name !== this.#names[place]) {
      if (!isName(name)) return false;
      this.#names[place] = name;
    }
    if (value === this.#values[place]) return true;
    if (badValue.test(value)) return false;
    if (value.length <= longestRemembered) this.#values[place] = value;
    return true;
  }
}

const requestFields = new KnownFields();
const responseFields = new KnownFields();

/** The field lines of a head (RFC 9112 §5), each with its line end. Throws {@link UnwritableHead} for a name or value that no field can have. */
export function fieldLines(headers: Readonly<RawHeaders>): string {
  let lines = '';
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    const value = headers[at + 1]!;
    if (!requestFields.isWritable(at, name, value)) {
      throw new UnwritableHead(
        isName(name) ? `a character that no field value can have, in ${name}` : 'a field name that is no token',
      );
    }
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

/** The same without the fields that cannot be written: for a response, which has to be sent in any case. */
export function writableLines(headers: Readonly<RawHeaders>): string {
  let lines = '';
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    const value = headers[at + 1]!;
    if (responseFields.isWritable(at, name, value)) lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

/** The first line of a request (RFC 9112 §3), with its line end. Throws {@link UnwritableHead}. */
export function requestLine(method: string, target: string): string {
  if (!isName(method)) throw new UnwritableHead('a method that is no token');
  if (target === '' || badTarget.test(target)) throw new UnwritableHead('a character that no request target can have');
  return `${method} ${target} HTTP/1.1\r\n`;
}

/**
 * The first line of a response (RFC 9112 §4), with its line end. `usual` stands for a reason that is empty or cannot be written. Throws
 * {@link UnwritableHead} for a status that is not of three digits.
 */
export function statusLine(status: number, reason: string, usual = ''): string {
  if (!(Number.isInteger(status) && status >= 100 && status <= 999))
    throw new UnwritableHead('a status that is not of three digits');
  return `HTTP/1.1 ${status} ${reason === '' || badValue.test(reason) ? usual : reason}\r\n`;
}

function isName(name: string): boolean {
  return name !== '' && !badName.test(name);
}
