import { isIPv6 } from 'node:net';
import { AddressReader } from './address-words.js';

/** A range of addresses of one family, as numbers; both ends belong to it. */
export interface Network {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

const reader = new AddressReader();
const mapped = 0xffff_0000_0000n;

/**
 * The range of a CIDR or a single address. Bits after the prefix, and a zone (`%eth0`), are ignored. IPv4-mapped IPv6 means its
 * IPv4 range, as IPv4-mapped clients count as IPv4. Throws a TypeError for other texts.
 */
export function parseNetwork(text: string): Network {
  const [address = '', bits, extra] = text.split('/');
  const family = reader.read(withoutZone(address));
  const width = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? width : Number(bits);
  const wellFormed = extra === undefined && (bits === undefined || /^\d{1,3}$/.test(bits)) && prefix <= width;
  if (family === 0 || !wellFormed) throw new TypeError(`"${text}" is not an address range`);
  const value = [...reader.words.subarray(0, width / 32)].reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);
  const host = (1n << BigInt(width - prefix)) - 1n;
  const first = value & ~host;
  const last = value | host;
  if (family === 6 && value >> 32n === mapped >> 32n) {
    if (prefix < 96) throw new TypeError(`"${text}" is wider than the IPv4-mapped addresses: write the IPv4 range`);
    return { family: 4, first: first - mapped, last: last - mapped };
  }
  return { family, first, last };
}

function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone !== -1 && isIPv6(address) ? address.slice(0, zone) : address;
}
