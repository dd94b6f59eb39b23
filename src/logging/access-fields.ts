import { TLSSocket } from 'node:tls';
import { holdsSecret } from '../config/language/kinds/header.js';
import { maskUrl } from '../config/language/kinds/url.js';
import { foldName } from '../fields/fold-name.js';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { piece } from './line-buffer.js';

/** A field of the access log that the configuration asks for. */
export interface AccessField {
  readonly name: string;
  /** Its key in a line of JSON, with the comma before it. */
  readonly key: Uint8Array;
  /** Undefined: the exchange has none, and the field is left out. */
  read(record: ExchangeRecord): string | undefined;
}

/** Characters of the longest value; of a longer one the rest is left out. */
const longest = 1024;
const hidden = '[redacted]';

/**
 * Compiles `logging.access.fields`: name → what it shows (`identity`, `header:user-agent`). The values of names in `redacted` (folded), and of names that
 * usually hold secrets, are hidden.
 */
export function accessFields(
  fields: ReadonlyMap<string, string>,
  redacted: ReadonlySet<string>,
): readonly AccessField[] {
  return [...fields].map(([name, source]) => {
    const read = readerOf(source, redacted);
    return { name, key: piece(`,${JSON.stringify(name)}:`), read: record => shortened(read(record)) };
  });
}

/** Whether a field shows something of the answer, whose fields are kept for it then. */
export function readsResponse(fields: ReadonlyMap<string, string>): boolean {
  return [...fields.values()].some(source => source.startsWith('response-header:'));
}

function readerOf(source: string, redacted: ReadonlySet<string>): AccessField['read'] {
  const [kind = '', ...rest] = source.split(':');
  const name = rest.join(':');
  const isHidden = holdsSecret(name) || (kind.endsWith('header') && redacted.has(foldName(name)));
  const read = readers[kind]!(name);
  return isHidden ? record => (read(record) === undefined ? undefined : hidden) : read;
}

const readers: Readonly<Record<string, (name: string) => AccessField['read']>> = {
  identity: () => record => record.identity?.subject,
  'user-agent': () => record => record.headers['user-agent'],
  'tls-version': () => record => tlsVersion(record),
  header: name => record => (Object.hasOwn(record.headers, name) ? text(record.headers[name]) : undefined),
  'response-header': name => record => responseField(record, name),
  cookie: name => record => cookieOf(record.headers.cookie, name),
  claim: name => record => {
    const claims = record.identity?.claims;
    return claims !== undefined && Object.hasOwn(claims, name) ? claimText(claims[name]) : undefined;
  },
};

/** The secret parts of URLs, as in `Referer` and `Location`, are hidden. */
function text(value: string | string[] | undefined): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? maskUrl(value) : value.map(maskUrl).join(', ');
}

function claimText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function responseField({ trail }: ExchangeRecord, name: string): string | undefined {
  const fields = trail?.response;
  if (fields === undefined) return undefined;
  const values: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (String(fields[i]).toLowerCase() === name) values.push(String(fields[i + 1]));
  }
  return values.length === 0 ? undefined : text(values);
}

/** The first cookie of that name, as most servers read it. */
function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/** Undefined for clear text, and where the connection has gone before the line is written. */
function tlsVersion({ message }: ExchangeRecord): string | undefined {
  const socket = message?.socket;
  return socket instanceof TLSSocket ? (socket.getProtocol() ?? undefined) : undefined;
}

function shortened(value: string | undefined): string | undefined {
  return value === undefined || value.length <= longest ? value : `${value.slice(0, longest)}…`;
}
