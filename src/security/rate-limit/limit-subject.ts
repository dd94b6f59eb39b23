import { hash } from 'node:crypto';
import type { PolicyContext } from '../policy.js';
import { ClientNetworks } from './client-networks.js';

/** Says who a request is counted for. */
export type LimitSubject = (request: PolicyContext) => string;

/** Longer values are hashed first, which is faster than what comes after. */
const longest = 256;

/**
 * Compiles the `key` of a limit: `client-ip`, `global`, `header:<name>` or `jwt:<claim>`. A request that lacks the field or
 * the claim is counted for its client's address: leaving them out is no way around a limit. What a client has chosen itself
 * begins with `=` or `~` and so is never taken for an address.
 */
export function limitSubject(key: string, ipv6Prefix: number): LimitSubject {
  const networks = new ClientNetworks(ipv6Prefix);
  const client: LimitSubject = request => networks.of(request.clientIp);
  if (key === 'global') return () => '*';
  const colon = key.indexOf(':');
  const name = key.slice(colon + 1);
  if (key.startsWith('header:')) {
    const field = name.toLowerCase();
    return request => chosen(request.headers[field]) ?? client(request);
  }
  if (key.startsWith('jwt:')) {
    return request => {
      const claims = request.identity?.claims;
      return (
        (claims !== undefined && Object.hasOwn(claims, name) ? chosen(claims[name]) : undefined) ?? client(request)
      );
    };
  }
  return client;
}

function chosen(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= longest ? `=${text}` : `~${hash('sha256', text, 'base64url')}`;
}
