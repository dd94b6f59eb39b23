import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { serveHttp1 } from '../../../test/support/message-server.js';
import { connectRaw } from '../../../test/support/raw-client.js';
import { discardBody, discardsBody, isDiscardable } from './discarded-body.js';

const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n';

/** A client that has sent five of ten bytes and was answered without them, and the server's end of its connection. */
async function answered() {
  const sockets: Socket[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const port = await serveHttp1((request, response) => {
    sockets.push(request.socket);
    discardBody(request, response);
    response.once('close', () => setImmediate(resolve));
    response.writeHead(403, { 'Content-Length': 2 }).end('no');
  });
  const client = await connectRaw(port);
  client.send(`${post}12345`);
  expect((await client.response()).text).toBe('no');
  await promise;
  return { client, socket: sockets[0]!, sockets };
}

describe('a body that nothing reads', () => {
  const message = (headers: object, readableFlowing: boolean | null = null): IncomingMessage =>
    ({ headers, readableFlowing }) as IncomingMessage;

  it('may be read to its end and thrown away where that is near', () => {
    expect(isDiscardable(message({ 'content-length': '65536' }))).toBe(true);
    expect(isDiscardable(message({ 'content-length': '65537' }))).toBe(false);
  });

  it('may not where its end is unknown, it may never come, or it is being read', () => {
    expect(isDiscardable(message({ 'transfer-encoding': 'chunked' }))).toBe(false);
    expect(isDiscardable(message({ 'content-length': '1', expect: '100-continue' }))).toBe(false);
    expect(isDiscardable(message({ 'content-length': '1' }, true))).toBe(false);
    expect(isDiscardable(message({ 'content-length': '1' }, false))).toBe(false);
    expect(isDiscardable(message({}))).toBe(false);
  });
});

describe('the body of a request that was answered without it', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('is thrown away when it comes, and the next request follows on the connection', async () => {
    const { client, socket, sockets } = await answered();
    expect(discardsBody(socket)).toBe(true);
    client.send(`67890${post}1234567890`);
    expect((await client.response()).status).toBe(403);
    expect([sockets.length, sockets[1] === socket, client.state, discardsBody(socket)]).toEqual([
      ...[2, true, 'open', false],
    ]);
    expect(vi.getTimerCount()).toBe(0);
    const listeners = socket.listenerCount('close');
    client.send(`${post}12345`);
    expect((await client.response()).status).toBe(403);
    client.send('67890');
    client.send(`${post}1234567890`);
    expect((await client.response()).status).toBe(403);
    expect(socket.listenerCount('close')).toBe(listeners);
  });

  it('costs the connection when it has not come in five seconds', async () => {
    const { socket } = await answered();
    vi.advanceTimersByTime(4_999);
    expect([socket.destroyed, discardsBody(socket)]).toEqual([false, true]);
    vi.advanceTimersByTime(1);
    expect(socket.destroyed).toBe(true);
    await once(socket, 'close');
    expect(discardsBody(socket)).toBe(false);
  });

  it('is none any more when it has come before the answer', async () => {
    const { promise, resolve } = Promise.withResolvers<Socket>();
    const port = await serveHttp1((request, response) => {
      discardBody(request, response);
      request.once('end', () => response.writeHead(403, { 'Content-Length': 0 }).end());
      response.once('close', () => setImmediate(resolve, request.socket));
    });
    const client = await connectRaw(port);
    client.send(`${post}1234567890`);
    expect(discardsBody(await promise)).toBe(false);
  });
});
