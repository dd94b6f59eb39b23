import { AddressRanges } from './address-ranges.js';
import { canonicalAddress } from './canonical-address.js';
import { parseNetwork } from './network.js';

const loopback = new AddressRanges(['127.0.0.0/8', '::1'].map(parseNetwork), []);

/**
 * Whether a host means this machine and can be reached from it only: an address of 127.0.0.0/8, `::1`, an IPv4-mapped form of the
 * former, `localhost`, or a name below that (RFC 6761 §6.3). Any case; IPv6 with or without brackets.
 */
export function isLoopback(host: string): boolean {
  if (isLocalName(host)) return true;
  const address = canonicalAddress(host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host);
  return address !== undefined && loopback.admits(address) === true;
}

/** Whether a host is `localhost` or a name below it, with or without the dot of the root. Any case. */
export function isLocalName(host: string): boolean {
  return /^(?:.+\.)?localhost\.?$/i.test(host);
}
