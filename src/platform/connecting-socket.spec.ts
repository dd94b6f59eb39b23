import { once } from 'node:events';
import { Socket, createServer, type AddressInfo } from 'node:net';
import { Client, Pool, buildConnector } from 'undici';
import { expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { connectingSocket, connectorOf } from './connecting-socket.js';

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

it('a pool of undici gives its factory the connector', async () => {
  const { hostname, port } = await startServer();
  let connect: buildConnector.connector | undefined;
  const pool = new Pool(`http://${hostname}:${port}`, {
    connect: { timeout: 0 },
    factory: (origin, options) => {
      connect = connectorOf(options);
      return new Client(origin, options);
    },
  });
  closeLater(() => pool.destroy());
  pool.request({ path: '/', method: 'GET' }).catch(() => {});
  expect(connect, 'undici: a pool does not give its factory a connector any more').toBeTypeOf('function');
});
