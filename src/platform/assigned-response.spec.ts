import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { receivedText } from '../../test/support/received-text.js';
import { socketPair } from '../../test/support/socket-pair.js';
import { responseOn, takeConnection } from './assigned-response.js';

const changed = 'Node: a response takes, or gives back, its connection in another way';

function requestOn(socket: Socket): IncomingMessage {
  return Object.assign(new IncomingMessage(socket), { httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 });
}

it('a response can be written to any connection, and does not promise to keep it', async () => {
  const [client, server] = await socketPair();
  const response = responseOn(requestOn(server), server);
  expect(response.socket, changed).toBe(server);
  const finished = once(response, 'finish');
  response.writeHead(403, ['Content-Length', '2']).end('no');
  await finished;
  takeConnection(response, server);
  expect(response.socket, changed).toBeNull();
  server.end();
  expect(await receivedText(client), changed).toMatch(/^HTTP\/1\.1 403 [^]*\r\nConnection: close\r\n[^]*\r\nno$/);
});

it('a connection that was taken from a response does not end with it', async () => {
  const [client, server] = await socketPair();
  const response = responseOn(requestOn(server), server);
  takeConnection(response, server);
  response.destroy();
  server.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  expect(await receivedText(client), changed).toBe('HTTP/1.1 101 Switching Protocols\r\n\r\n');
});
