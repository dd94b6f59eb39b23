import net from 'node:net';
import { once } from 'node:events';
import { expect } from 'vitest';
import { closeLater } from '../../support/cleanup.js';
import { connectRaw, rawRequest } from '../../support/client.js';
import { startRawBackend } from '../../support/raw-backend.js';
import type { Contract } from './contract.js';
import { message, reply } from './wire.js';

const requests = [
  message('GET /'),
  message('POST /', ['Content-Length: 2'], 'hi'),
  message('POST /', ['Transfer-Encoding: chunked'], '2\r\nhi\r\n0\r\n\r\n'),
];

/** Backends that take too long. */
export function timeouts(contract: Contract): void {
  contract.rule('answers 504 when a connection does not stand within timeouts.connect', async running => {
    // Speaks no TLS: the connection is taken, the handshake never answered.
    const silent = net.createServer(socket => closeLaterSocket(socket)).listen(0, '127.0.0.1');
    closeLater(() => silent.close());
    await once(silent, 'listening');
    const { port: backendPort } = silent.address() as net.AddressInfo;
    const { port, logged } = await running.start(`https://127.0.0.1:${backendPort}`, {
      upstream: { timeouts: { connect: '150ms' } },
    });
    for (const sent of requests) {
      const response = await rawRequest(port, sent);
      expect([response.status, response.header('x-gateway-error')]).toEqual([504, 'CONNECT_TIMEOUT']);
    }
    expect(await logged()).toMatchObject({ status: 504, error: 'CONNECT_TIMEOUT' });
  });

  contract.rule('answers 504 when no response head comes within timeouts.response', async running => {
    const backend = await startRawBackend();
    const { port, logged } = await running.start(backend, { upstream: { timeouts: { response: '150ms' } } });
    for (const [index, sent] of requests.entries()) {
      const response = await rawRequest(port, sent);
      expect([response.status, response.header('x-gateway-error')]).toEqual([504, 'HEAD_TIMEOUT']);
      await (
        await backend.connection(index + 1)
      ).closed;
    }
    expect(await logged()).toMatchObject({ status: 504, error: 'HEAD_TIMEOUT' });
  });

  contract.rule('does not count the time of an upload against timeouts.response', async running => {
    const backend = await startRawBackend(async connection => {
      if ((await connection.head()).startsWith('GET')) return;
      await connection.until('lo');
      connection.respond(reply('200 OK', ['Content-Length: 4', 'Connection: close'], 'late'));
    });
    const { port } = await running.start(backend, { upstream: { timeouts: { response: '400ms' } } });
    const uploads = {
      'Content-Length: 5': ['he', 'l', 'lo'],
      'Transfer-Encoding: chunked': ['2\r\nhe\r\n', '1\r\nl\r\n', '2\r\nlo\r\n0\r\n\r\n'],
    };
    const clients = await Promise.all(
      Object.entries(uploads).map(async ([framing, [first]]) => {
        const client = await connectRaw(port);
        client.send(message('POST /', [framing], first));
        return client;
      }),
    );
    // At least one of them has begun there: the gateway may hold the other back until it is whole.
    await backend.connection();
    for (const index of [1, 2]) {
      // One that begins later, and gets no answer in time, shows how long they have lasted.
      expect((await rawRequest(port, message('GET /'))).header('x-gateway-error')).toBe('HEAD_TIMEOUT');
      for (const [number, pieces] of Object.values(uploads).entries()) clients[number]!.send(pieces[index]!);
    }
    for (const client of clients) expect((await client.response()).text).toBe('late');
  });

  contract.rule('lets the response timeout of a route take the place of that of its upstream', async running => {
    const backend = await startRawBackend();
    const { port } = await running.start(backend, { route: { timeouts: { response: '150ms' } } });
    expect((await rawRequest(port, requests[0]!)).header('x-gateway-error')).toBe('HEAD_TIMEOUT');
  });

  contract.rule('cuts a response that stands still for timeouts.idle', async running => {
    for (const sent of requests) {
      const backend = await startRawBackend(async connection => {
        await connection.head();
        connection.respond('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
      });
      const { port, logged } = await running.start(backend, { upstream: { timeouts: { idle: '150ms' } } });
      const response = await rawRequest(port, sent);
      expect([response.clean, response.ending === 'timeout', response.text]).toEqual([false, false, 'half']);
      expect(await logged()).toMatchObject({
        error: 'BODY_BROKEN',
        reason: expect.stringContaining('timeouts.idle') as string,
      });
      await (
        await backend.connection()
      ).closed;
    }
  });
}

function closeLaterSocket(socket: net.Socket): void {
  socket.on('error', () => socket.destroy()).resume();
  closeLater(() => socket.destroy());
}
