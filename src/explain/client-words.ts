import type { Exchange } from '../proxy/exchange.js';

/** Why the gateway takes an address for that of the client. */
export function whyThisClient({ clientIp, client, head, rawHeaders }: Exchange): string {
  const { peer, peerTrusted } = client;
  if (!peerTrusted) {
    const claims = rawHeaders.some((name, index) => index % 2 === 0 && /^(?:x-forwarded-for|forwarded)$/i.test(name));
    return claims
      ? 'the peer of the connection; it is none of trustedProxies, so what it says of others is not believed'
      : 'the peer of the connection';
  }
  const field =
    head.forwardedFor === undefined ? (head.forwarded === undefined ? undefined : 'Forwarded') : 'X-Forwarded-For';
  if (field === undefined) return 'the peer of the connection, a trusted proxy that names no other';
  return clientIp === peer
    ? `the peer of the connection, a trusted proxy whose ${field} names no other`
    : `by ${field} of the trusted proxy ${peer}`;
}
