import type { IncomingMessage } from 'node:http';
import { ForwardError } from './forward-error.js';

/** What an application has made of the body of a request. */
export interface ReadBody {
  /** The bytes as they came, where the application keeps them. */
  readonly rawBody: Buffer | undefined;
  /** What a parser has made of them; undefined: nothing. */
  readonly parsed: unknown;
}

/**
 * The body of a request that the application has read, to be sent again: the bytes as they came, or else what was parsed as JSON or a form, written anew. Undefined: it has not been read, or there is none.
 * @throws ForwardError where it was read, and what it was cannot be known.
 */
export function bodyAgain(message: IncomingMessage, { parsed, rawBody }: ReadBody): Buffer | undefined {
  const { 'content-length': length, 'transfer-encoding': coding, 'content-type': type = '' } = message.headers;
  if (coding === undefined && (length === undefined || Number(length) === 0)) return undefined;
  if (!message.readableDidRead) return undefined;
  if (rawBody !== undefined) return rawBody;
  if (Buffer.isBuffer(parsed)) return parsed;
  const [mediaType = '', ...parameters] = type.toLowerCase().split(';');
  const charset = parameters.map(each => each.trim()).find(each => each.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?(?:utf-8|us-ascii)"?$/.test(charset);
  if (isUtf8 && typeof parsed === 'string') return Buffer.from(parsed);
  if (isUtf8 && parsed !== undefined && /[/+]json\s*$/.test(mediaType)) return Buffer.from(JSON.stringify(parsed));
  const form = isUtf8 && /^application\/x-www-form-urlencoded\s*$/.test(mediaType) ? formOf(parsed) : undefined;
  if (form !== undefined) return Buffer.from(form);
  throw new ForwardError(
    `the body of ${message.method} ${message.url} was read before it could be forwarded, and its bytes are gone: create the application with { rawBody: true }, or do not have it read`,
  );
}

/** Undefined for what is no list of names with texts: how it was written cannot be known. */
function formOf(parsed: unknown): string | undefined {
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parsed)) {
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof each !== 'string') return undefined;
      form.append(name, each);
    }
  }
  return form.toString();
}
