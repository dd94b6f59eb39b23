import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';

/**
 * Connects as a connector of undici does, and gives the socket that is connecting.
 *
 * Leans on undici 8: its connectors return the socket, where their type says that they return nothing. In public the socket is handed out when
 * it stands; but one that does not come to stand must be counted, and given up in time.
 */
export function connectingSocket(
  connect: buildConnector.connector,
  target: buildConnector.Options,
  connected: buildConnector.Callback,
): Socket {
  return connect(target, connected) as unknown as Socket;
}
