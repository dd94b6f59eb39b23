import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../test/support/poll.js';
import { socketPair } from '../../test/support/socket-pair.js';
import { ChunkedSink, StreamSink } from './sinks.js';

const sizes = [1, 4_095, 4_096, 8_192, 8_193, 16_384, 16_385, 100_000];
const bytesOf = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 7 + length) & 255));

describe('what is written to a stream', () => {
  it('a sink for connections without TLS says that they take at once', async () => {
    const [socket] = await socketPair();
    expect([new StreamSink(socket).takesAtOnce, new StreamSink(new PassThrough()).takesAtOnce]).toEqual([true, false]);
    expect(new StreamSink(new TLSSocket(socket).on('error', () => {})).takesAtOnce).toBe(false);
  });

  it.each(sizes)('is the piece as it was, also where it is another one afterwards: %i bytes', async size => {
    const [client, server] = await socketPair();
    const sink = new StreamSink(client);
    const piece = bytesOf(size);
    const before = Buffer.from(piece);
    // As in a connection whose other side does not read.
    client.cork();
    expect(sink.copy(piece)).toBe(size < client.writableHighWaterMark);
    piece.fill(0);
    expect(sink.isEmpty).toBe(false);
    client.uncork();
    client.end();
    expect(await buffer(server)).toEqual(before);
  });

  it.each(sizes)('is one chunk, also where the piece is another one afterwards: %i bytes', async size => {
    const [client, server] = await socketPair();
    const piece = bytesOf(size);
    const before = Buffer.concat([Buffer.from(`${size.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
    client.cork();
    new ChunkedSink(client).copy(piece);
    piece.fill(0);
    client.uncork();
    client.end();
    expect(await buffer(server)).toEqual(before);
  });

  it('a small piece is used up within the call', async () => {
    const [client, server] = await socketPair();
    const piece = Buffer.from('abc');
    client.cork();
    new StreamSink(client).write(piece);
    piece.fill(0);
    client.uncork();
    client.end();
    expect((await buffer(server)).toString()).toBe('abc');
  });

  it('the end of what waits is told', async () => {
    const [client, server] = await socketPair();
    const sink = new StreamSink(client);
    server.pause();
    while (sink.isEmpty) sink.write(Buffer.alloc(1024 * 1024));
    let told = false;
    sink.whenTaken(() => (told = true));
    expect(told).toBe(false);
    server.resume();
    await eventually(() => expect(told).toBe(true));
    expect(sink.isEmpty).toBe(true);
  });
});
