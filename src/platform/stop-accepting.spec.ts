import { once } from 'node:events';
import { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { stopAccepting } from './stop-accepting.js';

const changed = 'Node: the close of net.Server does more to an HTTP server than to stop listening';

it('a server that takes no new connection still answers on one that was idle, and keeps its limits', async () => {
  const server = createServer(
    { connectionsCheckingInterval: 20, headersTimeout: 50, requestTimeout: 50 },
    (_, response) => void response.end('hello'),
  ).listen(0, '127.0.0.1');
  closeLater(() => server.closeAllConnections());
  await once(server, 'listening');
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  closeLater(() => client.destroy());
  const ask = async (): Promise<string> => {
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const [chunk] = (await once(client, 'data')) as [Buffer];
    return chunk.toString('latin1');
  };
  expect(await ask()).toContain('200 OK');
  stopAccepting(server);
  expect(server.listening).toBe(false);
  expect(await ask(), changed).toContain('200 OK');
  client.write('GET / HTTP/1.1\r\n');
  const [late] = (await once(client, 'data')) as [Buffer];
  expect(late.toString('latin1'), changed).toContain('408');
});
