import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';
import { socketPair } from '../../test/support/socket-pair.js';
import { carrierOf } from './tls-carrier.js';

const changed = 'Node: the socket below a TLS socket of a server is not where it was';

it('a server that has made a TLS socket of a connection can be asked for that connection', async () => {
  const [client, connection] = await socketPair();
  const server = createServer();
  server.emit('connection', connection);
  const failed = once(server, 'tlsClientError') as Promise<[Error, TLSSocket]>;
  client.write('this is no TLS');
  const [, secure] = await failed;
  const carrier: Socket | undefined = carrierOf(secure);
  expect(carrier === connection, changed).toBe(true);
});
