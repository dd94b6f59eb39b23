import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../test/support/certificate.js';
import { closeLater } from '../../../test/support/cleanup.js';
import { connectRaw } from '../../../test/support/raw-client.js';
import { tempFolder } from '../../../test/support/temp.js';
import { resetConnection } from './connection-reset.js';

/** A client, and the server's end of its connection. */
async function connected(path?: string) {
  const server = net.createServer();
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  closeLater(() => server.close());
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const port = path === undefined ? (server.address() as AddressInfo).port : 0;
  const client = await connectRaw(port, path === undefined ? {} : { socketPath: path });
  const [socket] = await accepted;
  closeLater(() => socket.destroy());
  return { client, socket };
}

describe('a connection that is reset', () => {
  it('ends for its client with an error, not as the end of a message', async () => {
    const { client, socket } = await connected();
    socket.write('HTTP/1.0 200 OK\r\n\r\nhalf');
    await client.until('half');
    resetConnection(socket);
    expect([await client.closed(), socket.destroyed]).toEqual(['reset', true]);
  });

  it('is closed where there is no reset, on a unix socket', async () => {
    const { client, socket } = await connected(join(await tempFolder(), 'socket'));
    resetConnection(socket);
    expect([await client.closed(), socket.destroyed]).toEqual(['end', true]);
  });

  it('is closed where there is no reset, under TLS', async () => {
    const { cert, key } = await makeCertificate();
    const server = tls.createServer({ cert, key }).listen(0, '127.0.0.1');
    closeLater(() => server.close());
    await once(server, 'listening');
    const accepted = once(server, 'secureConnection') as Promise<[Socket]>;
    const client = await connectRaw((server.address() as AddressInfo).port, { tls: { rejectUnauthorized: false } });
    const [socket] = await accepted;
    resetConnection(socket);
    await client.closed();
    expect(socket.destroyed).toBe(true);
  });

  it('is left alone when it is gone already', async () => {
    const { socket } = await connected();
    socket.destroy();
    expect(() => resetConnection(socket)).not.toThrow();
  });
});
