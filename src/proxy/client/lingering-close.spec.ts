import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { serveHttp1 } from '../../../test/support/message-server.js';
import { connectRaw } from '../../../test/support/raw-client.js';
import { lingerThenClose } from './lingering-close.js';

/** A client that has begun to send 10 bytes and was answered, and the server's end of its connection. */
async function answered() {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const port = await serveHttp1((request, response) => {
    lingerThenClose(request, request.socket);
    response.writeHead(403, { Connection: 'close', 'Content-Length': 2 }).end('no');
    resolve(request.socket);
  });
  const client = await connectRaw(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345');
  const socket = await promise;
  const { status, text } = await client.response();
  expect([status, text]).toEqual([403, 'no']);
  return { client, socket };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

describe('a connection that lingers after its answer', () => {
  it('is closed on our side at once, and wholly when the client has sent the rest', async () => {
    const { client, socket } = await answered();
    expect(await client.closed()).toBe('end');
    expect(socket.destroyed).toBe(false);
    client.send('67890');
    await once(socket, 'close');
    expect(client.state).toBe('end');
  });

  it('takes what the client still sends for five seconds, and is cut then', async () => {
    const { client, socket } = await answered();
    await client.closed();
    vi.advanceTimersByTime(4_999);
    client.send('6');
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(socket.destroyed).toBe(true);
  });

  it('leaves no timer behind when the client goes first', async () => {
    const { client, socket } = await answered();
    await client.closed();
    expect(vi.getTimerCount()).toBe(1);
    client.reset();
    await new Promise(resolve => socket.once('close', resolve));
    expect(vi.getTimerCount()).toBe(0);
  });
});
