import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it, vi } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { eventually } from '../../test/support/poll.js';
import { receivedText } from '../../test/support/received-text.js';
import { socketPair } from '../../test/support/socket-pair.js';
import { takeWriteErrors } from './write-errors.js';

const changed = 'Node: the writes of a socket do not end by _writableState.onwrite any more';

/** A connection whose other side has reset it, which is not read, so that only a write can meet that. */
async function resetSocket(): Promise<Socket> {
  const listener = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  closeLater(() => listener.close());
  await once(listener, 'listening');
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  const [socket] = (await once(listener, 'connection')) as [Socket];
  closeLater(() => socket.destroy());
  client.resetAndDestroy();
  await once(client, 'close');
  return socket;
}

it.each(['one piece', 'several pieces'])('%s that can be written passes as it would', async kind => {
  const [client, server] = await socketPair();
  const failed = vi.fn();
  takeWriteErrors(client, failed);
  if (kind === 'several pieces') client.cork();
  client.write('a');
  client.write('b');
  client.uncork();
  client.end();
  expect(await receivedText(server)).toBe('ab');
  expect(failed).not.toHaveBeenCalled();
});

it.each(['one piece', 'several pieces'])('%s that cannot be written leaves the connection open', async kind => {
  const socket = await resetSocket();
  const errors: Error[] = [];
  takeWriteErrors(socket, error => void errors.push(error));
  if (kind === 'several pieces') socket.cork();
  socket.write('a');
  socket.write('b');
  socket.uncork();
  await eventually(() => errors.length > 0 || socket.destroyed, { what: changed });
  expect(errors, changed).toHaveLength(1);
  expect(socket.destroyed, changed).toBe(false);
});

it('a failure is that of the connection once it is passed on', async () => {
  const socket = await resetSocket();
  takeWriteErrors(socket, (error, done) => done(error));
  const closed = once(socket, 'error') as Promise<[NodeJS.ErrnoException]>;
  socket.write('a');
  const [error] = await closed;
  expect(error.syscall, changed).toBe('write');
});
