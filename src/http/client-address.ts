import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { AddressRanges } from '../addresses/address-ranges.js';
import { canonicalAddress } from '../addresses/canonical-address.js';
import { parseNetwork, type Network } from '../addresses/network.js';

/** How the peer of a unix socket is called, as an address and as an entry of `trustedProxies`. */
export const UNIX_PEER = 'unix';

const MAX_HOPS = 100;
/** An IPv6 address with brackets, zone and port fits; what is longer is no address. */
const MAX_HOP_LENGTH = 80;

/** The peers whose word about the client is believed (`trustedProxies` of the configuration). */
export class TrustedProxies {
  /** Undefined: no range is trusted. */
  #ranges: AddressRanges | undefined;
  #trustsUnix = false;
  /** The peer that was asked for last, and what was said: most requests come from the few proxies in front. */
  #last = '';
  #lastIsTrusted = false;

  /**
   * Takes CIDRs, bare addresses, and `unix` for the peers of unix sockets. IPv4-mapped IPv6 entries mean their IPv4 address.
   * Throws a TypeError that names the entry when one is none of these.
   */
  constructor(entries: readonly string[]) {
    this.trust(entries);
  }

  /** Trusts others from now on, in the form of the constructor. */
  trust(entries: readonly string[]): void {
    const networks = entries.filter(entry => entry !== UNIX_PEER).map(networkOf);
    this.#ranges = networks.length === 0 ? undefined : new AddressRanges(networks, []);
    this.#trustsUnix = entries.includes(UNIX_PEER);
    this.#last = '';
    this.#lastIsTrusted = false;
  }

  /** Whether a peer is trusted: its socket's remote address, or `unix`. Undefined (a socket that is gone) never is. */
  isTrusted(peer: string | undefined): boolean {
    if (peer === UNIX_PEER) return this.#trustsUnix;
    if (this.#ranges === undefined || peer === undefined) return false;
    if (peer === this.#last) return this.#lastIsTrusted;
    const address = canonicalAddress(peer);
    this.#last = peer;
    return (this.#lastIsTrusted = address !== undefined && this.#ranges.admits(address) === true);
  }

  /**
   * The client's address. That is the peer, unless the peer is trusted: then the chain that it reports is walked from the
   * right, through trusted hops, to the first that is not; when all are trusted, the leftmost. A hop that is no address
   * (`unknown`, `_hidden`, garbage) ends the walk at the last good one. At most 100 hops are read.
   *
   * With both headers, `X-Forwarded-For` is read and `Forwarded` (RFC 7239) is not: most proxies write only the former.
   * Trap: a trusted proxy that writes only `Forwarded` must remove the `X-Forwarded-For` of its clients.
   *
   * `peer` is the socket's remote address or, on unix listeners, `unix`. Undefined (a socket that is gone already) gives `unknown`.
   */
  clientAddress(peer: string | undefined, headers: Readonly<IncomingHttpHeaders>): string {
    let client = peer === UNIX_PEER ? peer : peer === undefined ? 'unknown' : (canonicalAddress(peer) ?? 'unknown');
    if (!this.isTrusted(peer)) return client;
    for (const hop of reportedHops(headers)) {
      const address = hopAddress(hop);
      if (address === undefined) break;
      client = address;
      if (!this.isTrusted(address)) break;
    }
    return client;
  }
}

function networkOf(entry: string): Network {
  try {
    return parseNetwork(entry);
  } catch (error) {
    throw new TypeError(`"${entry}" is not an IP address, a CIDR or "${UNIX_PEER}"`, { cause: error });
  }
}

/** The chain that a proxy reports, nearest hop first. Undefined stands for a hop that does not say who asked. */
function* reportedHops(headers: Readonly<IncomingHttpHeaders>): Generator<string | undefined> {
  const xForwardedFor = headers['x-forwarded-for'];
  const list = Array.isArray(xForwardedFor) ? xForwardedFor.join(',') : xForwardedFor;
  if (list !== undefined) yield* elementsFromTheRight(list);
  else if (headers.forwarded !== undefined) {
    for (const element of forwardedElements(headers.forwarded)) yield parameterOf(element, 'for');
  }
}

/** The elements of a list such as `X-Forwarded-For` from the right, without empty ones; at most 100. */
export function* elementsFromTheRight(list: string): Generator<string> {
  let end = list.length;
  for (let hops = 0; hops < MAX_HOPS && end >= 0; hops++) {
    const comma = end === 0 ? -1 : list.lastIndexOf(',', end - 1);
    const element = list.slice(comma + 1, end).trim();
    // Empty list elements say nothing (RFC 9110 §5.6.1.2).
    if (element !== '') yield element;
    end = comma;
  }
}

/** The last 100 elements of a Forwarded field from the right, each cut into its pairs. Nothing when a quoted string does not end. */
export function forwardedElements(field: string): string[][] {
  const elements: string[][] = [];
  let pairs: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i <= field.length; i++) {
    const char = i === field.length ? ',' : field[i];
    if (char === '"' && i < field.length) quoted = !quoted;
    else if (char === '\\' && quoted) i++;
    else if ((char === ',' || char === ';') && (!quoted || i === field.length)) {
      const pair = field.slice(start, i).trim();
      if (pair !== '') pairs.push(pair);
      start = i + 1;
      if (char === ',') {
        if (pairs.length > 0) elements.push(pairs);
        pairs = [];
      }
    }
  }
  return quoted ? [] : elements.slice(-MAX_HOPS).reverse();
}

/** A parameter (its name in lower case) of a Forwarded element, without quotes. Undefined when there is none, or more than one. */
export function parameterOf(pairs: readonly string[], name: string): string | undefined {
  const own = pairs.filter(pair => pair.slice(0, name.length + 1).toLowerCase() === `${name}=`);
  const value = own.length === 1 ? own[0]?.slice(name.length + 1) : undefined;
  if (value === undefined || !value.startsWith('"')) return value;
  return value.length > 1 && value.endsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : undefined;
}

/** The address in one hop: bare, with a port, or an IPv6 address in brackets (RFC 7239 §6). Undefined when it holds none. */
export function hopAddress(hop: string | undefined): string | undefined {
  if (hop === undefined || hop.length > MAX_HOP_LENGTH) return undefined;
  const bracketed = /^\[([^\]]*)\](?::\w+)?$/.exec(hop)?.[1];
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? canonicalAddress(bracketed) : undefined;
  const withPort = /^(\d+\.\d+\.\d+\.\d+):\w+$/.exec(hop)?.[1];
  return canonicalAddress(withPort ?? hop);
}
