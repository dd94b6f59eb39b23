import { maskUrl } from '../config/language/kinds/url.js';
import type { ExchangeRecord } from '../http/exchange-record.js';
import type { LineShape } from './access-line.js';
import type { LineBuffer } from './line-buffer.js';
import { maskAddress } from '../addresses/mask-address.js';

/** What Apache escapes in a quoted value, and all beyond ASCII: nothing of a client can end the value or the line. */
const unsafe = /[^\x20-\x7e]|["\\]/g;

/**
 * The access line of an exchange in the combined format of Apache and nginx, line end included: address, user, time, request line, status, bytes, Referer
 * and User-Agent; behind them the fields that the configuration adds, in their order. The path has no query, which may hold secrets.
 */
export function writeCombinedLine(line: LineBuffer, record: ExchangeRecord, time: number, shape: LineShape): void {
  const { headers, identity, method, path, status } = record;
  const version = /^\d/.test(record.httpVersion) ? ` HTTP/${record.httpVersion}` : '';
  const fields = shape.fields.map(({ read }) => ` ${quoted(read(record))}`);
  const bytes = record.bytesOut === 0 ? '-' : String(record.bytesOut);
  line.text(
    `${maskAddress(record.clientIp, shape.addressPrefix)} - ${word(identity?.subject)} [${clock(new Date(time))}] ` +
      `"${escaped(`${method} ${path}${version}`)}" ${status} ${bytes} ` +
      `${quoted(refererOf(headers.referer))} ${quoted(headers['user-agent'])}${fields.join('')}\n`,
  );
}

function refererOf(referer: string | undefined): string | undefined {
  return referer === undefined ? undefined : maskUrl(referer);
}

function quoted(value: string | undefined): string {
  return value === undefined ? '"-"' : `"${escaped(value)}"`;
}

/** A value that stands without quotes: a blank in it would look like the next value. */
function word(value: string | undefined): string {
  return value === undefined || value === '' ? '-' : escaped(value).replaceAll(' ', '\\x20');
}

function escaped(value: string): string {
  return value.replace(unsafe, character =>
    character === '"' || character === '\\' ? `\\${character}` : bytesOf(character),
  );
}

function bytesOf(character: string): string {
  return [...Buffer.from(character)].map(byte => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => String(value).padStart(2, '0');

function clock(at: Date): string {
  const date = `${two(at.getUTCDate())}/${months[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  return `${date}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
}
