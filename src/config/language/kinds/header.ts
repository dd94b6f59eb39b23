import { connectionFields } from '../../../fields/connection-fields.js';
import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Parts of names whose values are likely to be secrets. Rather too many: a value that is hidden needlessly can still be read in the file. */
const secretName =
  /auth|bearer|cookie|cred|csrf|dpop|hmac|jwt|key|nonce|otp(?:$|[-_])|pass|private|pwd|secret|session|sid(?:$|[-_])|sig(?:$|[-_])|signature|token|verify|xsrf/i;
/** Well-known fields that match and are no secrets. */
const publicName = /^(access-control-allow-credentials|surrogate-key)$/i;

/**
 * Fields that the gateway owns: they control how a connection carries a message (RFC 9110 §7.6.1), where the message ends, and
 * what is agreed before its body or an upgrade. Set by a rule, they would make messages that no peer understands. This list
 * applies to every place of the configuration where fields of a message may be set, added or removed.
 */
const ownedFields: ReadonlySet<string> = new Set([
  ...connectionFields,
  'trailer',
  'content-length',
  'expect',
  'sec-websocket-key',
  'sec-websocket-accept',
]);

/** The name of a header field (RFC 9110 §5.1), in lower case. */
export const headerName: Kind<string> = {
  label: 'header name',
  expected: 'a header name such as x-tenant',
  schema: { type: 'string', pattern: token.source },
  parse(raw) {
    return typeof raw === 'string' && token.test(raw) ? raw.toLowerCase() : new Invalid(raw, this.expected);
  },
  format: value => value,
};

/** The name of a header field that may be set or removed: not one that the gateway owns. */
export const editableHeaderName: Kind<string> = {
  ...headerName,
  parse(raw, source) {
    const parsed = headerName.parse(raw, source);
    if (parsed instanceof Invalid || !ownedFields.has(parsed)) return parsed;
    const message = `${JSON.stringify(raw)} belongs to the connection, the framing or the handshake of a message: the gateway alone sets it`;
    return new Invalid(raw, this.expected, { message });
  },
};

const oneLine = /^[\t\P{Cc}]*$/u;

/** The value of a header field (RFC 9110 §5.5): no line breaks or other control characters. May be empty. Sent as UTF-8. */
export const headerValue: Kind<string> = {
  label: 'header value',
  expected: 'a header value: text on one line',
  schema: { type: 'string', pattern: '^[^\\x00-\\x08\\x0a-\\x1f\\x7f-\\x9f]*$' },
  parse(raw) {
    if (typeof raw === 'number' || typeof raw === 'boolean') {
      return new Invalid(raw, this.expected, { suggestion: `"${raw}" in quotes` });
    }
    return typeof raw === 'string' && oneLine.test(raw) && raw.isWellFormed() && Buffer.byteLength(raw) <= 8192
      ? raw
      : new Invalid(raw, this.expected);
  },
  format: value => value,
};

/** The name of a cookie (RFC 6265 §4.1.1). */
export const cookieName: Kind<string> = {
  label: 'cookie name',
  expected: 'a cookie name of letters, digits and _ - .',
  schema: { type: 'string', pattern: token.source },
  parse(raw) {
    return typeof raw === 'string' && token.test(raw) ? raw : new Invalid(raw, this.expected);
  },
  format: value => value,
};

/** A request method (RFC 9110 §9.1), in upper case. */
export const method: Kind<string> = {
  label: 'method',
  expected: 'a request method such as GET',
  schema: { type: 'string', pattern: token.source },
  parse(raw) {
    return typeof raw === 'string' && token.test(raw) ? raw.toUpperCase() : new Invalid(raw, this.expected);
  },
  format: value => value,
};

/** Whether the values of a header field, a query parameter or an option are likely to be secrets, and so must not be shown. */
export function holdsSecret(name: string): boolean {
  return secretName.test(name) && !publicName.test(name);
}
