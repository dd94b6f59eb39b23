/** Families of fields by which proxies tell of clients: every name that begins so. As people write them. */
export const forwardingFamilies: readonly string[] = ['X-Forwarded-', 'X-Original-'];

/** Further such fields, as people write them. The same list stands in `http/forwarding-fields.ts`, which acts on it. */
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

const names = new Set(forwardingFields.map(foldedName));
const families = forwardingFamilies.map(foldedName);

/** A name as servers that make variables of fields read it: in lower case, and all but letters and digits alike. */
export function foldedName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

/** Whether it is on the built-in list of fields that only trusted proxies may send. */
export function isForwardingField(name: string): boolean {
  const folded = foldedName(name);
  return names.has(folded) || families.some(family => folded.startsWith(family));
}
