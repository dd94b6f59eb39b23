import { once } from 'node:events';
import { Socket, createServer, type AddressInfo } from 'node:net';
import { buildConnector } from 'undici';
import { expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { connectingSocket } from './connecting-socket.js';

async function startServer() {
  const server = createServer(socket => socket.on('error', () => {})).listen(0, '127.0.0.1');
  closeLater(() => server.close());
  await once(server, 'listening');
  const port = String((server.address() as AddressInfo).port);
  return { protocol: 'http:', hostname: '127.0.0.1', port };
}

it('a connector of undici gives the socket before it stands', async () => {
  const target = await startServer();
  const connected = Promise.withResolvers<Socket | null>();
  const socket = connectingSocket(buildConnector({ timeout: 0 }), target, (_, made) => connected.resolve(made));
  closeLater(() => socket.destroy());
  const changed = 'undici: its connectors do not return the socket any more';
  expect(socket, changed).toBeInstanceOf(Socket);
  expect(socket.connecting, changed).toBe(true);
  expect((await connected.promise) === socket, changed).toBe(true);
});
