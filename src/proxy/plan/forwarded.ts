import { elementsFromTheRight, forwardedElements, hopAddress, parameterOf } from '../../http/client-address.js';
import { parseHost } from '../../http/host.js';
import type { ListenerInfo } from '../client/listener-info.js';

/** What `X-Forwarded-For`, `-Proto`, `-Host` and `-Port` of a proxy say; undefined where it has not sent them. */
export interface ReportedWay {
  readonly forwardedFor: string | undefined;
  readonly forwardedProto: string | undefined;
  readonly forwardedHost: string | undefined;
  readonly forwardedPort: string | undefined;
}

/** An element of `Forwarded` (RFC 7239 §4): who asked (an address, or `unknown`), for which host, by which scheme. Without an authority there is no host. */
export function forwardedElement(address: string, authority: string, scheme: string): string {
  return `for=${node(address)};${hostPair(authority)}proto=${scheme}`;
}

/**
 * The value of `Forwarded` for what a trusted proxy has told in `X-Forwarded-*` only (RFC 7239 §7.4): an element for each
 * address of `X-Forwarded-For`, then one for the proxy. The first says which host and scheme the client has used. Of a list of more
 * than 100 addresses the last 100 are taken.
 */
export function forwardedOf(way: ReportedWay, peer: string, authority: string, scheme: string): string {
  const host = validHost(firstOf(way.forwardedHost));
  const proto = validScheme(firstOf(way.forwardedProto));
  const hops = way.forwardedFor === undefined ? [] : [...elementsFromTheRight(way.forwardedFor)].reverse();
  const [first, ...more] = hops.map(hop => `for=${nodeOf(hop)}`);
  if (first === undefined) return forwardedElement(peer, host ?? authority, proto ?? scheme);
  const client = [first, host && `host=${quoted(host)}`, proto && `proto=${proto}`].filter(pair => pair !== undefined);
  return [client.join(';'), ...more, forwardedElement(peer, authority, scheme)].join(', ');
}

/**
 * What a trusted proxy has told in `Forwarded` and not in `X-Forwarded-For`, as `X-Forwarded-*` say it; those that it has sent stay.
 * Scheme and host are those of the element that names the client, since elements before that are the client's own words.
 */
export function reportedWay(forwarded: string, sent: ReportedWay, clientIp: string): ReportedWay {
  const elements = forwardedElements(forwarded).map(pairs => ({ pairs, hop: parameterOf(pairs, 'for') }));
  const end = elements.findIndex(({ hop }) => hop === undefined);
  const hops = elements.slice(0, end === -1 ? undefined : end).map(({ hop }) => hopAddress(hop) ?? 'unknown');
  const { pairs = [] } = elements.find(({ hop }) => hopAddress(hop) === clientIp) ?? elements[0] ?? {};
  const host = validHost(parameterOf(pairs, 'host'));
  const forwardedProto = sent.forwardedProto ?? validScheme(parameterOf(pairs, 'proto'));
  return {
    forwardedFor: hops.length === 0 ? undefined : hops.reverse().join(', '),
    forwardedProto,
    forwardedHost: sent.forwardedHost ?? host,
    forwardedPort: sent.forwardedPort,
  };
}

/**
 * The port that the client has used. The first of these that exists: the port that a trusted proxy reports; the port in the host that the proxy
 * reports, or in the request's own host (`hostPort`) where it reports none; the usual port of the scheme, where the proxy reports a scheme or
 * a host; the listener's port.
 */
export function reportedPort(
  { forwardedPort, forwardedProto, forwardedHost }: ReportedWay,
  hostPort: string,
  listener: Pick<ListenerInfo, 'scheme' | 'port'>,
): string | undefined {
  if (forwardedPort !== undefined) return forwardedPort;
  const named = forwardedHost === undefined ? hostPort : parseHost(firstOf(forwardedHost)!)?.port;
  if (named) return named;
  const told = forwardedProto !== undefined || forwardedHost !== undefined;
  const usual = told ? usualPorts.get(firstOf(forwardedProto)?.toLowerCase() ?? listener.scheme) : undefined;
  return usual ?? (listener.port === undefined ? undefined : String(listener.port));
}

const usualPorts: ReadonlyMap<string, string> = new Map([
  ['http', '80'],
  ['https', '443'],
  ['ws', '80'],
  ['wss', '443'],
]);

function firstOf(list: string | undefined): string | undefined {
  return list?.split(',', 1)[0]?.trim();
}

function validHost(host: string | undefined): string | undefined {
  return host !== undefined && parseHost(host) !== undefined ? host : undefined;
}

function validScheme(scheme: string | undefined): string | undefined {
  return scheme !== undefined && /^[a-z][a-z\d+.-]*$/i.test(scheme) ? scheme : undefined;
}

/** A hop of `X-Forwarded-For` as a node: what is neither an address nor an obfuscated identifier is `unknown`. */
function nodeOf(hop: string): string {
  const address = hopAddress(hop);
  if (address !== undefined) return node(address);
  return /^_[\w.-]+$/.test(hop) ? hop : 'unknown';
}

/** A node identifier of RFC 7239 §6: IPv6 addresses stand in brackets and quotes, a unix peer is `unknown`. */
function node(address: string): string {
  if (address.includes(':')) return `"[${address}]"`;
  return address.includes('.') ? address : 'unknown';
}

let lastValue = '';
let lastPair = '';

/** `host=…;`, or nothing. Most requests ask for the host that the one before asked for. */
function hostPair(value: string): string {
  if (value !== lastValue) {
    lastPair = value === '' ? '' : `host=${quoted(value)};`;
    lastValue = value;
  }
  return lastPair;
}

/** A token or a quoted string. */
function quoted(value: string): string {
  return /^[\w.~-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}
