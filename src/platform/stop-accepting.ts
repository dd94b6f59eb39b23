import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';

/**
 * Has a server take no new connection, and leaves the open ones alone, idle ones as well: a request that is on its way at this moment is still
 * answered.
 *
 * Calls the `close` that Node's HTTP servers inherit from `net.Server`, past their own, which closes idle connections at once and ends the timer
 * of the limits on request heads. Node has no public call for the one without the other.
 */
export function stopAccepting(server: Server): void {
  NetServer.prototype.close.call(server);
}
