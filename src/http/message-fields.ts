import { connectionFields } from '../fields/connection-fields.js';

/** Fields that frame, describe, steer or authenticate a message, and so may stand in its head only (RFC 9110 §6.5.1). */
const messageFields: ReadonlySet<string> = new Set([
  ...connectionFields,
  'content-length',
  'host',
  'trailer',
  'content-encoding',
  'content-type',
  'content-range',
  'set-cookie',
  'authorization',
  'www-authenticate',
  'cache-control',
  'max-forwards',
  'expect',
  'cookie',
  'range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'origin',
  'via',
]);

/** Whether a field of that name, folded (see `foldName`), must not stand in a trailer. */
export function isMessageField(folded: string): boolean {
  return messageFields.has(folded);
}
