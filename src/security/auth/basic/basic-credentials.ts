/** The content of `Authorization: Basic`. */
interface BasicCredentials {
  readonly name: string;
  readonly password: string;
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;
const control = /\p{Cc}/u;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the credentials of RFC 7617 §2, in UTF-8. Undefined for invalid ones: no base64, no colon, control characters, bytes
 * that are no UTF-8.
 */
export function basicCredentials(text: string): BasicCredentials | undefined {
  if (!base64.test(text)) return undefined;
  let decoded: string;
  try {
    decoded = utf8.decode(Buffer.from(text, 'base64'));
  } catch {
    return undefined;
  }
  const colon = decoded.indexOf(':');
  if (colon === -1 || control.test(decoded)) return undefined;
  return { name: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}
