import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { eventually } from '../../test/support/poll.js';
import { connectRaw, type RawClient } from '../../test/support/raw-client.js';
import { handshake } from '../../test/support/upgrade-scene.js';
import { HeldConnection } from './held-connection.js';

/** The connection of a client that has asked for an upgrade, held. `behind`: what it sends with its head. */
async function held(behind = ''): Promise<{ client: RawClient; sut: HeldConnection; socket: Socket }> {
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater(() => server.close());
  const upgrade = once(server, 'upgrade') as Promise<[IncomingMessage, Socket, Buffer]>;
  const client = await connectRaw((server.address() as AddressInfo).port);
  client.send(handshake() + behind);
  const [request, socket, head] = await upgrade;
  closeLater(() => socket.destroy());
  return { client, sut: new HeldConnection(request, socket, head), socket };
}

describe('the connection of a client that asks for an upgrade', () => {
  it('keeps what the client sends early, and is given away with it, paused', async () => {
    const { client, sut, socket } = await held('one ');
    client.send('two');
    await eventually(() => socket.bytesRead === handshake().length + 7);
    await new Promise(resolve => setImmediate(resolve));
    expect([sut.release().toString(), socket.isPaused()]).toEqual(['one two', true]);
    expect(sut.release().length).toBe(0);
  });

  it('is read no further than 64 KiB ahead', async () => {
    const { client, sut, socket } = await held();
    client.send('x'.repeat(4 * 1024 * 1024));
    await eventually(() => socket.isPaused());
    expect(sut.release().length).toBeLessThan(256 * 1024);
  });

  it('has a response to refuse the upgrade with, and ends behind it', async () => {
    const { client, sut } = await held();
    const closed = once(sut.response, 'close');
    sut.response.writeHead(403, { 'content-length': '2' }).end('no');
    const answer = await client.response();
    expect([answer.status, answer.text]).toEqual([403, 'no']);
    await closed;
    await eventually(() => client.socket.readableEnded || client.socket.destroyed);
  });

  it('is cut where its client ends its side before there is an answer', async () => {
    const { client, socket } = await held();
    client.socket.end();
    await eventually(() => socket.destroyed);
  });
});
