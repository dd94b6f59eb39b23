import { hash } from 'node:crypto';
import type { Identity, PolicyContext } from '../policy.js';
import { ClientNetworks } from './client-networks.js';

/** Gives the subject for which a request is counted. */
export type LimitSubject = (request: PolicyContext) => string;

/** Characters of the longest value that is used itself; longer values are hashed, because the steps after would be slower. */
const longest = 256;

/**
 * Compiles the `key` of a limit: `client-ip`, `global`, `identity`, `header:<name>` or `jwt:<claim>`. A request that lacks the field, the identity or the
 * claim is counted for its client's address: leaving them out does not avoid the limit. A text chosen by a client is prefixed
 * with `=` or `~`, so it is never mistaken for an address.
 */
export function limitSubject(key: string, ipv6Prefix: number): LimitSubject {
  const networks = new ClientNetworks(ipv6Prefix);
  const client: LimitSubject = request => networks.of(request.clientIp);
  if (key === 'global') return () => '*';
  if (key === 'identity') return request => identified(request.identity) ?? client(request);
  const colon = key.indexOf(':');
  const name = key.slice(colon + 1);
  if (key.startsWith('header:')) {
    const field = name.toLowerCase();
    return request => chosen(request.headers, field) ?? client(request);
  }
  if (key.startsWith('jwt:')) return request => chosen(request.identity?.claims, name) ?? client(request);
  return client;
}

/** The `key` of a limit in words: `per address`, `per header x-api-key`, `in all`. */
export function keyWords(key: string): string {
  if (key === 'global') return 'in all';
  return key === 'client-ip' ? 'per address' : `per ${key.replace('jwt:', 'claim ').replace(':', ' ')}`;
}

/** Whether the `key` of a limit is known after authentication only: the identity, or a claim. */
export function needsClaims(key: string): boolean {
  return key === 'identity' || key.startsWith('jwt:');
}

/** The same name means another sender where another method has found it out. */
function identified(identity: Identity | undefined): string | undefined {
  if (identity === undefined || identity.subject === '') return undefined;
  return shown(`${identity.scheme} ${identity.subject}`);
}

function chosen(values: Readonly<Record<string, unknown>> | undefined, name: string): string | undefined {
  if (values === undefined || !Object.hasOwn(values, name)) return undefined;
  const value = values[name];
  if (value === undefined || value === null || value === '') return undefined;
  return shown(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

function shown(text: string): string {
  return text.length <= longest ? `=${text}` : `~${hash('sha256', text, 'base64url')}`;
}
