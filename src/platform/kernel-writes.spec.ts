import { TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';
import { eventually } from '../../test/support/poll.js';
import { socketPair } from '../../test/support/socket-pair.js';
import { kernelWritesOf } from './kernel-writes.js';

const changed = 'Node: the handle of a socket does not count its writes as it did';
const size = 16 * 1024 * 1024;

it('what the other side of a connection does not read is seen to wait in Node, and to go when it is read', async () => {
  const [client, server] = await socketPair();
  client.pause();
  server.write(Buffer.alloc(size));
  const { bytesWritten, writeQueueSize = 0 } = kernelWritesOf(server);
  expect(bytesWritten, changed).toBe(size);
  expect(writeQueueSize, changed).toBeGreaterThan(0);
  client.resume();
  await eventually(() => kernelWritesOf(server).writeQueueSize === 0, { what: changed });
});

it('the writes of a connection over TLS are those of the connection below', async () => {
  const [client, server] = await socketPair();
  client.pause();
  const secure = new TLSSocket(server, { isServer: true }).on('error', () => {});
  server.write(Buffer.alloc(size));
  expect(kernelWritesOf(secure).writeQueueSize, changed).toBeGreaterThan(0);
});

it('a connection that is closed has none', async () => {
  const [client] = await socketPair();
  client.destroy();
  expect(kernelWritesOf(client)).toEqual({});
});
