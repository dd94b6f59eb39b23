import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { receivedText } from '../../test/support/received-text.js';
import { socketPair } from '../../test/support/socket-pair.js';
import { interpose, takeTlsFailures } from './interpose.js';

const changed = 'Node: its servers do not take a connection by a listener of this event any more';
const answer = /^HTTP\/1\.1 200 OK\r\n[^]*hello$/;

describe('a gate before the HTTP of a server', () => {
  it('keeps a connection from it until it says so', async () => {
    const [client, connection] = await socketPair();
    const requested = vi.fn();
    const server = createServer((_, response) => {
      requested();
      response.setHeader('Connection', 'close').end('hello');
    });
    const gated = new Promise<() => void>(resolve => {
      interpose(server, 'connection', (_socket: Socket, proceed) => resolve(proceed));
    });
    expect(server.listenerCount('connection')).toBe(1);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    server.emit('connection', connection);
    const proceed = await gated;
    expect(connection.bytesRead, changed).toBe(0);
    expect(requested).not.toHaveBeenCalled();
    proceed();
    expect(await receivedText(client), changed).toMatch(answer);
    expect(requested).toHaveBeenCalledOnce();
  });

  it('stands before its TLS as well, whose failures it can have for itself', async () => {
    const [client, connection] = await socketPair();
    const server = createSecureServer();
    const misread = vi.fn((_: Error, socket: Duplex) => socket.destroy());
    server.on('clientError', misread);
    const gate = vi.fn((_: Socket, proceed: () => void) => proceed());
    interpose(server, 'connection', gate);
    const failed = new Promise<void>(resolve => {
      takeTlsFailures(server, (_, socket) => {
        socket.destroy();
        resolve();
      });
    });
    server.emit('connection', connection);
    client.write('GET / HTTP/1.1\r\n\r\n');
    await failed;
    expect(gate, changed).toHaveBeenCalledOnce();
    expect(misread, 'Node: a failed handshake is told another way as well').not.toHaveBeenCalled();
  });

  it('takes the place of exactly the listeners that it is meant for', async () => {
    const counts = (server: ReturnType<typeof createServer>): number[] =>
      ['connection', 'secureConnection', 'tlsClientError'].map(event => server.listenerCount(event));
    expect(counts(createServer()), changed).toEqual([1, 0, 0]);
    expect(counts(createSecureServer()), changed).toEqual([1, 1, 1]);
    await once(createServer().listen(0).close(), 'close');
  });
});
