import { once } from 'node:events';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Http2Client } from '../../../test/support/http2-client.js';
import { serveHttp2 } from '../../../test/support/message-server.js';
import { Http2Message } from './http2-message.js';

const socket = {} as Socket;

/** The next request on a client's connection, as a message. */
async function taking(): Promise<{ client: Http2Client; next: () => Promise<Taken> }> {
  const waiting: ((taken: Taken) => void)[] = [];
  const client = await serveHttp2((stream, fields, ended, raw) => {
    const rawHeaders = raw.filter((_, i) => !raw[i - (i % 2)]!.startsWith(':'));
    const message = new Http2Message(stream, ['host', 'a', ...rawHeaders], fields, socket, !ended);
    waiting.shift()!({ stream, fields, message });
  });
  return { client, next: () => new Promise(resolve => waiting.push(resolve)) };
}

interface Taken {
  readonly stream: ServerHttp2Stream;
  readonly fields: IncomingHttpHeaders;
  readonly message: Http2Message;
}

describe('a request on an HTTP/2 stream, as a message', () => {
  it('has the fields of its head without the pseudo-header fields, and host for :authority', async () => {
    const { client, next } = await taking();
    const taken = next();
    client.open({ 'x-one': '1' }, true);
    const { message } = await taken;
    expect([message.headers, message.httpVersion]).toEqual([{ host: 'a', 'x-one': '1' }, '2.0']);
    expect(message.headers).toBe(message.headers);
  });

  it('is complete at once where its head is the end of it', async () => {
    const { client, next } = await taking();
    const taken = next();
    client.open({}, true);
    const { message } = await taken;
    expect([message.complete, message.readableFlowing, message.rawTrailers]).toEqual([true, null, []]);
  });

  it('is read as a stream, and is complete before its end is told, with its trailer fields', async () => {
    const { client, next } = await taking();
    const taken = next();
    void client.request({ headers: { ':method': 'POST' }, body: 'abc', trailers: { 'x-sum': '1' } });
    const { message, stream } = await taken;
    const chunks: Buffer[] = [];
    message.on('data', chunk => chunks.push(chunk));
    expect(message.complete).toBe(false);
    await new Promise<void>(resolve => void message.on('end', () => resolve()));
    expect([message.complete, Buffer.concat(chunks).toString()]).toEqual([true, 'abc']);
    expect(message.rawTrailers).toEqual(['x-sum', '1']);
    stream.respond({ ':status': 204 }, { endStream: true });
  });

  it('is read when it is asked for, and no further while it is paused', async () => {
    const { client, next } = await taking();
    const taken = next();
    const request = client.open({ ':method': 'POST' });
    request.write('abc');
    const { message, stream } = await taken;
    if (stream.readableLength === 0) await once(stream, 'readable');
    expect([String(message.read()), message.read()]).toEqual(['abc', null]);
    message.pause();
    expect(message.readableFlowing).toBe(false);
    message.resume();
    expect([message.readableFlowing, message.destroyed]).toEqual([true, false]);
    request.destroy();
    await once(stream, 'close');
    expect(message.destroyed).toBe(true);
  });

  it('has no end when its client resets it: it is closed, and never complete', async () => {
    const { client, next } = await taking();
    const taken = next();
    const request = client.open({ ':method': 'POST' });
    request.write('abc');
    const { message, stream } = await taken;
    let ended = false;
    message.on('data', () => request.destroy(new Error('gone')));
    message.on('end', () => (ended = true));
    await new Promise<void>(resolve => void message.on('close', () => resolve()));
    expect([ended, message.complete, stream.rstCode]).toEqual([false, false, constants.NGHTTP2_INTERNAL_ERROR]);
  });
});
