import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/**
 * A response on a connection that Node's parser has let go, such as one that asks for an upgrade; its connection is closed behind it. Who
 * has the connection tells it of `drain` and `close`.
 *
 * Uses `assignSocket`, `detachSocket` and `shouldKeepAlive` of Node 26, which have types and no documentation. In public only Node's own server makes
 * responses, and it makes none for a request that may be upgraded.
 */
export function responseOn(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  return response;
}

/** Takes the connection from a response, made here or by Node's server: from then on nothing written to the response reaches the connection. */
export function takeConnection(response: ServerResponse, socket: Socket): void {
  response.detachSocket(socket);
}
