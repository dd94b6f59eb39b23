/**
 * Schemes whose credentials let in a connection, and with it every request that follows on it, instead of one request
 * (RFC 4559 §6; MS-NTHT §3.1). HTTP has no such thing (RFC 9110 §11.1): clients that shared a connection would share one identity.
 */
const scheme = /(?:^|,)[ \t]*(?:ntlm|negotiate|nego2|kerberos)(?=[ \t,]|$)/i;

/** NTLM, by its own name or by the first bytes of its token in `Negotiate` (base64): it takes several requests on one connection. */
const severalSteps = /(?:^|,)[ \t]*(?:ntlm(?=[ \t,]|$)|(?:negotiate|nego2)[ \t]+TlRMTVNTUA)/i;

/** True for an `Authorization` value that may let in the whole connection that it comes by. */
export function authenticatesConnection(authorization: string): boolean {
  return scheme.test(authorization);
}

/** True where such credentials need more than one request, all on the same connection. */
export function takesSeveralSteps(authorization: string): boolean {
  return severalSteps.test(authorization);
}

/**
 * True for an answer whose connection may belong to one client from now on: the answer offers one of those schemes or goes on with it
 * (`WWW-Authenticate`), or says that the backend has remembered the client (`Persistent-Auth`, MS-NTHT §2.2.2).
 */
export function answersForConnection(
  challenge: string | readonly string[] | undefined,
  persistent: string | readonly string[] | undefined,
): boolean {
  if (persistent !== undefined) return true;
  if (challenge === undefined) return false;
  return typeof challenge === 'string' ? scheme.test(challenge) : challenge.some(one => scheme.test(one));
}
