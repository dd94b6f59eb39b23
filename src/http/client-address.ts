import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP, SocketAddress } from 'node:net';

/** How the peer of a unix socket is called, as an address and as an entry of `trustedProxies`. */
export const UNIX_PEER = 'unix';

const CACHE_SIZE = 1000;
const MAX_HOPS = 100;
/** An IPv6 address with brackets, zone and port fits; what is longer is no address. */
const MAX_HOP_LENGTH = 80;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

let canonical = new Map<string, string>();

/** The peers whose word about the client is believed (`trustedProxies` of the configuration). Immutable. */
export class TrustedProxies {
  readonly #networks = new BlockList();
  readonly #trustsUnix: boolean;
  readonly #trustsNobody: boolean;
  #recent = new Map<string, boolean>();

  /**
   * Takes CIDRs, bare addresses, and `unix` for the peers of unix sockets. IPv4-mapped IPv6 entries mean their IPv4 address.
   * Throws a TypeError that names the entry when one is none of these.
   */
  constructor(entries: readonly string[]) {
    this.#trustsNobody = entries.length === 0;
    this.#trustsUnix = entries.includes(UNIX_PEER);
    for (const entry of entries) if (entry !== UNIX_PEER) this.#add(entry);
  }

  /** Whether a peer is trusted: its socket's remote address, or `unix`. Undefined (a socket that is gone) never is. */
  isTrusted(peer: string | undefined): boolean {
    if (this.#trustsNobody || peer === undefined) return false;
    if (peer === UNIX_PEER) return this.#trustsUnix;
    const address = canonicalAddress(peer);
    if (address === undefined) return false;
    const known = this.#recent.get(address);
    if (known !== undefined) return known;
    const trusted = this.#networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
    if (this.#recent.size >= CACHE_SIZE) this.#recent = new Map();
    this.#recent.set(address, trusted);
    return trusted;
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

  #add(entry: string): void {
    const [text = '', bits, extra] = entry.split('/');
    const address = canonicalAddress(text);
    const width = address !== undefined && isIP(address) === 4 ? 32 : 128;
    // `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
    const unmapped = width === 32 && isIP(text) === 6 ? 96 : 0;
    const prefix = bits === undefined ? width : Number(bits) - unmapped;
    const wellFormed = bits === undefined || /^\d{1,3}$/.test(bits);
    if (address === undefined || extra !== undefined || !wellFormed || prefix < 0 || prefix > width) {
      throw new TypeError(`"${entry}" is not an IP address, a CIDR or "${UNIX_PEER}"`);
    }
    this.#networks.addSubnet(address, prefix, width === 32 ? 'ipv4' : 'ipv6');
  }
}

/**
 * One spelling for each IP address: IPv4 as it is; IPv6 in its short lower-case form (RFC 5952), without a zone; IPv4-mapped
 * IPv6 as IPv4. Undefined when the text is no address. Addresses that take some work are remembered (at most 1,000).
 */
export function canonicalAddress(text: string): string | undefined {
  // What a dual-stack socket says of an IPv4 peer: the case that must be fast.
  const unmapped = text.startsWith('::ffff:') ? text.slice('::ffff:'.length) : text;
  if (isIP(unmapped) === 4) return unmapped;
  const known = canonical.get(text);
  if (known !== undefined) return known;
  if (isIP(text) !== 6) return undefined;
  const zone = text.indexOf('%');
  const { address } = new SocketAddress({ address: zone === -1 ? text : text.slice(0, zone), family: 'ipv6' });
  const result = MAPPED.exec(address)?.[1] ?? address;
  if (text.length <= MAX_HOP_LENGTH) {
    if (canonical.size >= CACHE_SIZE) canonical = new Map();
    canonical.set(text, result);
  }
  return result;
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
