import { isIP } from 'node:net';
import { isLocalName } from '../addresses/loopback.js';
import { parseHost } from '../http/host.js';

/**
 * Whether a Host field value is one that DNS rebinding cannot bring about: `localhost`, a name below it, or an IP literal.
 * A web page whose name was made to resolve to 127.0.0.1 sends its own name, and must not read what only this machine may.
 */
export function isRebindingSafe(host: string | undefined): boolean {
  const name = parseHost(host ?? '')?.host ?? '';
  return isLocalName(name) || name.startsWith('[') || isIP(name) !== 0;
}
