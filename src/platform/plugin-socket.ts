import { Socket } from 'node:net';

/**
 * A client's connection as http-proxy-middleware and its plug-ins may see it. Of an exchange it has no server; of an upgrade it has some object
 * for one.
 *
 * Leans on what http-proxy-middleware 4 looks for: `server` of a socket of Node, which neither documents. It adds a listener to the server
 * of each request, and closes itself with the first that closes, but takes an upgrade only where there is a server. It has no option for either.
 */
export function pluginSocket(client: Socket | undefined, isUpgrade: boolean): Socket {
  return Object.create(client ?? new Socket(), { server: { value: isUpgrade ? {} : undefined } }) as Socket;
}
