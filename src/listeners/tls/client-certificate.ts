import type { X509Certificate } from 'node:crypto';
import type { ClientCertificate } from '../../proxy/client/client-connection.js';

/** Subjects that are longer, in characters, are not passed on; their connections are refused. */
const longestSubject = 2048;

/**
 * What backends are told of a client's certificate: the subject as in RFC 4514, its most specific part first, everything
 * but printable ASCII escaped. Undefined when the subject is longer than 2048 characters.
 */
export function describeCertificate({
  subject,
  fingerprint256,
}: Pick<X509Certificate, 'subject' | 'fingerprint256'>): ClientCertificate | undefined {
  // One line for each part, most general first; special and control characters are escaped in them.
  const parts = (subject ?? '').split('\n').map(withoutBlanks).reverse();
  const text = parts.join(',').replace(/[^\x20-\x7e]/gu, escapeBytes);
  return text.length > longestSubject
    ? undefined
    : { subject: text, fingerprint: fingerprint256.replaceAll(':', '').toLowerCase() };
}

/** Of a part with several attributes OpenSSL puts blanks around the `+` between them; one within a value is escaped. */
function withoutBlanks(part: string): string {
  return part.replaceAll(' + ', '+');
}

function escapeBytes(character: string): string {
  return Array.from(Buffer.from(character), byte => `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
