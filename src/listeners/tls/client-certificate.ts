import type { X509Certificate } from 'node:crypto';
import type { ClientCertificate } from '../../proxy/client/client-connection.js';

/** Characters of the longest subject that is passed on; connections with longer ones are refused. */
const longestSubject = 2048;

/**
 * The description of a client's certificate for backends: the subject as in RFC 4514, its most specific part first, everything
 * but printable ASCII escaped. Undefined when the subject is longer than 2048 characters.
 */
export function describeCertificate({
  subject,
  fingerprint256,
}: Pick<X509Certificate, 'subject' | 'fingerprint256'>): ClientCertificate | undefined {
  // The subject has one line for each part, the most general first, with special and control characters escaped.
  const parts = (subject ?? '').split('\n').map(withoutBlanks).reverse();
  const text = parts.join(',').replace(/[^\x20-\x7e]/gu, escapeBytes);
  return text.length > longestSubject
    ? undefined
    : { subject: text, fingerprint: fingerprint256.replaceAll(':', '').toLowerCase() };
}

/** Removes the blanks that OpenSSL puts around the `+` between several attributes of a part; a `+` within a value is escaped. */
function withoutBlanks(part: string): string {
  return part.replaceAll(' + ', '+');
}

function escapeBytes(character: string): string {
  return Array.from(Buffer.from(character), byte => `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
