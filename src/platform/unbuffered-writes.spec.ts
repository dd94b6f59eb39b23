import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';
import { socketPair } from '../../test/support/socket-pair.js';
import { stopWriteBuffering } from './unbuffered-writes.js';

const changed = 'Node: the mark from which a stream asks its writer to wait is not where it was';

it('a connection asks its writer to wait behind each piece, until the system has taken it', async () => {
  const [client] = await socketPair();
  // Held back in the stream, as by a system that takes nothing.
  client.cork();
  expect(client.write('a')).toBe(true);
  stopWriteBuffering(client);
  expect(client.writableHighWaterMark, changed).toBe(1);
  expect(client.write('b'), changed).toBe(false);
  const drained = once(client, 'drain');
  client.uncork();
  await drained;
  expect(client.write('c'), changed).toBe(true);
});

it('a connection over TLS does so too', async () => {
  const [client] = await socketPair();
  const secure = new TLSSocket(client).on('error', () => {});
  stopWriteBuffering(secure);
  expect(secure.writableHighWaterMark, changed).toBe(1);
  expect(secure.readableHighWaterMark, changed).toBeGreaterThan(1);
});

it('a connection asks for the next byte only when the system has taken the one before', () => {
  let take: () => void = () => {};
  const connection = new Duplex({ read: () => {}, write: (_chunk, _encoding, taken) => (take = taken) });
  expect(connection.write('a')).toBe(true);
  take();
  stopWriteBuffering(connection as Socket);
  expect([connection.write('b'), connection.writableNeedDrain], changed).toEqual([false, true]);
});
