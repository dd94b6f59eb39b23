import { NameSieve } from './name-sieve.js';

/**
 * The fields of one connection, which no proxy passes on (RFC 9110 §7.6.1), with those of a login at a proxy (§11.7) and of the
 * upgrade to HTTP/2 (RFC 7540 §3.2.1). In lower case. The one list: requests, responses, trailers, HTTP/2, forward authentication and
 * the configuration go by it.
 */
export const connectionFields: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

const sieve = new NameSieve(connectionFields);

/** Whether it is one of the {@link connectionFields}, in any case. */
export function isConnectionField(name: string): boolean {
  return sieve.mayHave(name) && connectionFields.has(name.toLowerCase());
}
