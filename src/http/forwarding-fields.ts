/** Fields that the gateway writes itself, from what the connection and its trusted proxy say. */
export const writtenFields: ReadonlySet<string> = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-real-ip',
]);

/** Fields by which other proxies, or frameworks, say who asked for what: addresses, schemes, targets. */
export const forwardingNames: ReadonlySet<string> = new Set([
  ...writtenFields,
  'x-forwarded',
  'forwarded-for',
  'client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'fastly-client-ip',
  'proxy-client-ip',
  'wl-proxy-client-ip',
  'front-end-https',
  'x-scheme',
  'x-url-scheme',
  'x-rewrite-url',
]);

/**
 * Whether proxies tell of clients under this name (folded, see `foldName`). What somebody says under it who is no trusted proxy
 * reaches no backend: Rack believes `X-Forwarded-Ssl`, Rails `Client-IP`, IIS and Symfony `X-Original-URL`.
 */
export function isForwardingName(folded: string): boolean {
  return forwardingNames.has(folded) || isOfFamily(folded);
}

/** Whether a name is one of the families of which every member counts: `X-Forwarded-*`, `X-Original-*`. */
export function isOfFamily(folded: string): boolean {
  return folded.startsWith('x-forwarded-') || folded.startsWith('x-original-');
}
