import { BlockList, isIP } from 'node:net';
import { parseHost } from '../http/host.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a listener on this host can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  if (isLocalName(host)) return true;
  const family = isIP(host);
  return family !== 0 && loopback.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Whether a Host field value is one that DNS rebinding cannot bring about: `localhost`, a name below it, or an IP literal. A
 * web page whose name was made to resolve to 127.0.0.1 sends its own name, and must not read what is meant for this machine
 * only.
 */
export function isRebindingSafe(host: string | undefined): boolean {
  const name = parseHost(host ?? '')?.host ?? '';
  return isLocalName(name) || name.startsWith('[') || isIP(name) !== 0;
}

function isLocalName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}
