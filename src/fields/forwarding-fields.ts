import { foldName } from './fold-name.js';

/** Families of fields by which proxies tell of clients: every name that begins so. As people write them. */
export const forwardingFamilies: readonly string[] = ['X-Forwarded-', 'X-Original-'];

/** Further fields by which proxies, or frameworks, say who asked for what: addresses, schemes, targets. As people write them. */
export const forwardingFields: readonly string[] = [
  'Forwarded',
  'X-Real-IP',
  'X-Forwarded',
  'Forwarded-For',
  'Client-IP',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'CF-Connecting-IPv6',
  'Fastly-Client-IP',
  'Proxy-Client-IP',
  'WL-Proxy-Client-IP',
  'Front-End-Https',
  'X-Scheme',
  'X-Url-Scheme',
  'X-Rewrite-URL',
];

/** Those of them that the gateway writes itself, from what the connection and its trusted proxy say. In lower case. */
export const writtenFields: ReadonlySet<string> = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-real-ip',
]);

/** The forwarding fields that have a name of their own, folded. */
export const forwardingNames: ReadonlySet<string> = new Set([...writtenFields, ...forwardingFields.map(foldName)]);

const families = forwardingFamilies.map(foldName);

/**
 * Whether proxies tell of clients under this name (folded, see `foldName`). What a sender that is no trusted proxy says under it
 * reaches no backend: Rack believes `X-Forwarded-Ssl`, Rails `Client-IP`, IIS and Symfony `X-Original-URL`.
 */
export function isForwardingName(folded: string): boolean {
  return forwardingNames.has(folded) || isOfFamily(folded);
}

/** Whether a name is one of the families of which every member counts: `X-Forwarded-*`, `X-Original-*`. */
export function isOfFamily(folded: string): boolean {
  for (let i = 0; i < families.length; i++) if (folded.startsWith(families[i]!)) return true;
  return false;
}
