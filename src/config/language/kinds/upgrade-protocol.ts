import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';

/** RFC 9110 §7.8: a token, or two with a slash between them. */
const shape = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:\/[A-Za-z0-9!#$%&'*+.^_`|~-]+)?$/;
/** HTTP by its name, the names of its versions and drafts (`h2`, `h2c-14`, `h3-29`, `hq`), and protocols that can carry it encrypted. */
const httpItself = /^(?:s?https?|h\d|hq|spdy|quic|tls|ssl)/i;

/**
 * Whether a connection must never be switched to a protocol: a text that is no protocol name (RFC 9110 §7.8: in quotes, with
 * parameters), and every name of HTTP and TLS, because requests in such a tunnel would avoid all routes and policies. A name
 * that only begins like one (`httpx`) counts as one, because a backend may read names loosely.
 */
export function isNeverUpgradedTo(name: string): boolean {
  return !shape.test(name) || httpItself.test(name);
}

/** The name of a protocol that connections may be upgraded to, with its version behind a slash where it matters. */
export const upgradeProtocol: Kind<string> = {
  label: 'protocol',
  expected: 'an upgrade protocol such as websocket',
  schema: { type: 'string', pattern: shape.source },
  parse(raw) {
    if (typeof raw !== 'string' || !shape.test(raw)) return new Invalid(raw, this.expected);
    if (!httpItself.test(raw)) return raw;
    const message = `${JSON.stringify(raw)} names HTTP itself or TLS: it would be spoken past all routes and policies`;
    return new Invalid(raw, this.expected, { message });
  },
  format: value => value,
};
