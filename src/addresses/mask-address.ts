import { isIPv4, isIPv6 } from 'node:net';

/** Bits of an IPv4 address, and how many of an IPv6 address there are for each of them. */
const [bits, proportion] = [32, 4];

/**
 * An IP address of which the first `prefix` bits are kept (of IPv4; of IPv6 four times as many) and the rest is 0: `203.0.113.0` for `203.0.113.7` at 24.
 * What is no address (`unix`) stays as it is.
 */
export function maskAddress(address: string, prefix: number): string {
  if (prefix >= bits) return address;
  if (isIPv4(address)) {
    const octets = address.split('.').map((each, index) => Number(each) & maskOf(prefix - index * 8, 8));
    return octets.join('.');
  }
  if (!isIPv6(address)) return address;
  const kept = prefix * proportion;
  const groups = groupsOf(address).map((each, index) => each & maskOf(kept - index * 16, 16));
  return new URL(`http://[${groups.map(each => each.toString(16)).join(':')}]`).hostname.slice(1, -1);
}

/** The mask of a piece of `width` bits of which the first `count` are kept. */
function maskOf(count: number, width: number): number {
  const kept = Math.max(0, Math.min(width, count));
  return (2 ** width - 1) ^ (2 ** (width - kept) - 1);
}

function groupsOf(address: string): number[] {
  // The spelling of URLs has neither a zone nor a dotted end.
  const [zoneless = ''] = address.split('%');
  const host = new URL(`http://[${zoneless}]`).hostname.slice(1, -1);
  const [head = '', tail] = host.split('::');
  const numbers = (text: string): number[] => (text === '' ? [] : text.split(':').map(each => parseInt(each, 16)));
  const [first, last] = [numbers(head), numbers(tail ?? '')];
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}
