import { isIP, isIPv4 } from 'node:net';
import { canonicalAddress } from '../../../addresses/canonical-address.js';
import { isLocalName, isLoopback } from '../../../addresses/loopback.js';
import type { ListenerConfig } from '../../file/listener.config.js';

/** Something that listens on a port: a listener, or the admin side. Port 0 is any free port, which a backend URL cannot name. */
type ListeningAddress = Pick<ListenerConfig, 'host' | 'port'>;

/** Whether the system would refuse the second of two addresses while the first is in use. */
export function collide(a: ListeningAddress, b: ListeningAddress): boolean {
  if (a.port === undefined || a.port === 0 || a.port !== b.port) return false;
  const [one, other] = [plain(a.host), plain(b.host)];
  return one === other || takesAll(one, other) || takesAll(other, one);
}

/**
 * Whether a request to a backend at `url` arrives at the listener on `address`. Names are not looked up, so only addresses and
 * `localhost` are recognised.
 */
export function leadsTo({ hostname, port, protocol }: URL, address: ListeningAddress): boolean {
  if (address.port !== Number(port || (protocol === 'https:' ? 443 : 80))) return false;
  const host = plain(address.host);
  return reached(plain(hostname)).some(
    each =>
      reached(host).includes(each) ||
      (host === '::' && isIP(each) > 0 && isLoopback(each)) ||
      (host === '0.0.0.0' && isIPv4(each) && isLoopback(each)),
  );
}

/** The addresses that a connection to a host reaches: a wildcard means this machine. */
function reached(host: string): readonly string[] {
  if (isLocalName(host)) return [host, '127.0.0.1', '::1'];
  if (host === '0.0.0.0') return [host, '127.0.0.1'];
  return host === '::' ? [host, '::1', '127.0.0.1'] : [host];
}

function takesAll(wildcard: string, host: string): boolean {
  return (wildcard === '::' && isIP(host) > 0) || (wildcard === '0.0.0.0' && isIPv4(host));
}

/** A host in its canonical spelling: lower case, no brackets, addresses as in {@link canonicalAddress}. */
function plain(host: string): string {
  const bare = host.toLowerCase().replaceAll(/^\[|\]$|\.$/g, '');
  return canonicalAddress(bare) ?? bare;
}
