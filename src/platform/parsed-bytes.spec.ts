import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { parsedBytes } from './parsed-bytes.js';

const changed = 'Node: its parser does not tell what it is at any more, or tells something else';

it('the parser of a connection tells the bytes with the end of a head while it hands out the request', async () => {
  const told: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    told.push(parsedBytes(request.socket)?.toString('latin1'));
    response.end();
  }).listen(0, '127.0.0.1');
  closeLater(() => server.close());
  await once(server, 'listening');
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  closeLater(() => client.destroy());
  const [half, rest] = ['GET /first HTTP/1.1\r\nHost: a\r\nX-Ha', 'lf: b\r\n\r\n'];
  const both = 'GET /second HTTP/1.1\r\nHost: a\r\n\r\nPOST /third HTTP/1.1\r\n';
  client.write(half + rest);
  await once(client, 'data');
  client.write(both);
  await once(client, 'data');
  expect(told, changed).toEqual([half + rest, both]);
});
