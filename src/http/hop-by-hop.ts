/** Fields of one connection, which no proxy passes on (RFC 9110 §7.6.1), with those that lead to a proxy (§11.7). */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
]);
