import { isIP, SocketAddress } from 'node:net';

const mostKnown = 1000;
/** Characters of an address that is remembered. An IPv6 address with brackets, zone and port fits. */
const longestKnown = 80;
const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

let knownAddresses = new Map<string, string>();
let lastText = '';
let lastAddress: string | undefined;

/**
 * One spelling for each IP address: IPv4 as it is; IPv6 in its short lower-case form (RFC 5952), without a zone; IPv4-mapped
 * IPv6 as IPv4. Undefined when the text is no address. Addresses that take some work are remembered (at most 1,000).
 */
export function canonicalAddress(text: string): string | undefined {
  // It is asked several times of the peer of one request.
  if (text === lastText) return lastAddress;
  lastText = text;
  return (lastAddress = canonical(text));
}

function canonical(text: string): string | undefined {
  // What a dual-stack socket says of an IPv4 peer: the case that must be fast.
  const unmapped = text.startsWith('::ffff:') ? text.slice('::ffff:'.length) : text;
  if (isIP(unmapped) === 4) return unmapped;
  const known = knownAddresses.get(text);
  if (known !== undefined) return known;
  if (isIP(text) !== 6) return undefined;
  const zone = text.indexOf('%');
  const { address } = new SocketAddress({ address: zone === -1 ? text : text.slice(0, zone), family: 'ipv6' });
  const result = mapped.exec(address)?.[1] ?? address;
  if (text.length <= longestKnown) {
    if (knownAddresses.size >= mostKnown) knownAddresses = new Map();
    knownAddresses.set(text, result);
  }
  return result;
}
