import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { eventually } from '../../test/support/poll.js';
import { readAsStream, readDirectly, sharedBuffer } from './direct-reads.js';

const changed = 'Node: what the option onread of a socket sets is not where it was';

async function accepted(): Promise<{ readonly client: Socket; readonly socket: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  closeLater(() => server.close());
  const client = connect((await listening(server)).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  closeLater(() => {
    client.destroy();
    socket.destroy();
  });
  return { client, socket };
}

async function listening(server: ReturnType<typeof createServer>): Promise<AddressInfo> {
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

it('what comes on an accepted connection is read into the shared buffer', async () => {
  const { client, socket } = await accepted();
  const taken: string[] = [];
  const isDirect = readDirectly(socket, bytes => {
    expect(bytes.buffer, changed).toBe(sharedBuffer().buffer);
    taken.push(bytes.toString());
  });
  expect(isDirect, changed).toBe(true);
  const stream: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => stream.push(chunk));
  client.write('hello');
  await eventually(() => expect(taken).toEqual(['hello']));
  const ended = once(socket, 'end');
  client.end(' world');
  await ended;
  expect([taken.join(''), stream, socket.bytesRead]).toEqual(['hello world', [], 11]);
});

it('it can be paused, and be read as a stream again', async () => {
  const { client, socket } = await accepted();
  const taken: string[] = [];
  readDirectly(socket, bytes => taken.push(bytes.toString()));
  socket.resume();
  client.write('one');
  await eventually(() => expect(taken).toEqual(['one']));
  socket.pause();
  readAsStream(socket);
  client.write('two');
  await eventually(() => expect(client.writableLength).toBe(0));
  const stream: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => stream.push(chunk)).resume();
  await eventually(() => expect(Buffer.concat(stream).toString(), changed).toBe('two'));
  expect(stream[0]!.buffer).not.toBe(sharedBuffer().buffer);
  expect(taken).toEqual(['one']);
});

it('a stream that is no socket of the system can only be read as a stream', () => {
  expect(readDirectly(new PassThrough() as unknown as Socket, () => {})).toBe(false);
});
