import type { ServerResponse } from 'node:http';
import { expect } from 'vitest';
import { startBackend } from '../../support/backend.js';
import { connectRaw, open, rawRequest } from '../../support/client.js';
import { eventually } from '../../support/poll.js';
import { startRawBackend } from '../../support/raw-backend.js';
import type { Contract } from './contract.js';
import { message } from './wire.js';

/** More than all buffers on the way together: sockets of the kernel, and the gateway's own. */
const flood = 48 << 20;
/**
 * Bytes that may be on the way while the other side does not read, mostly in the kernel: up to 6 MB for input and 4 MB for
 * output of each of two connections.
 */
const bound = 32 << 20;
const block = Buffer.alloc(1 << 20, 'x');

/** Waits until more can be written, or nothing any more. */
function writable(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

/** Waits until a number stops growing; gives it. */
async function settled(read: () => number): Promise<number> {
  let last = -1;
  await eventually(
    () => {
      const now = read();
      const same = now === last && now > 0;
      last = now;
      return same;
    },
    { interval: 200, deadline: 20_000, what: 'a standstill' },
  );
  return last;
}

/** Back-pressure, and clients that go away. */
export function flow(contract: Contract): void {
  contract.rule('takes no more from a backend than a slow client reads', async running => {
    let sent = 0;
    const backend = await startBackend(async (_, response) => {
      for (; sent < flood && !response.destroyed; sent += block.length) {
        if (!response.write(block)) await writable(response);
      }
      response.end();
    });
    const { port, logged } = await running.start(backend);
    const { response } = await open(port, { timeout: 60_000 });
    expect(await settled(() => sent)).toBeLessThan(bound);
    let read = 0;
    for await (const chunk of response) read += (chunk as Buffer).length;
    expect(read).toBe(flood);
    expect(await logged()).toMatchObject({ status: 200, bytesOut: flood });
  });

  contract.rule('takes no more from a client than a slow backend reads', async running => {
    const backend = await startRawBackend(connection => connection.pause());
    const { port } = await running.start(backend);
    const client = await connectRaw(port);
    client.send(message('POST /', [`Content-Length: ${flood}`]));
    let taken = 0;
    const pump = (): void => {
      while (taken < flood && client.socket.write(block)) taken += block.length;
    };
    client.socket.on('drain', pump);
    pump();
    expect(await settled(() => taken)).toBeLessThan(bound);
    client.close();
    const connection = await backend.connection();
    connection.resume();
    await connection.closed;
  });

  contract.rule('does not hold it against a backend that the client reads slowly', async running => {
    const backend = await startBackend((incoming, response) => {
      if (incoming.url !== '/silent') for (let sent = 0; sent < 24; sent++) response.write(block);
      if (incoming.url === '/silent') response.write('half');
      else response.end();
    });
    const { port, gateway } = await running.start(backend, { upstream: { timeouts: { idle: '500ms' } } });
    const requests = [{}, { method: 'POST', headers: ['Transfer-Encoding', 'chunked'] }];
    const opened = await Promise.all(
      requests.map((options, index) => open(port, { timeout: 60_000, path: `/${index}`, ...options })),
    );
    // The time is up for those that wait for the backend, again and again.
    for (let count = 0; count < 3; count++) {
      expect((await rawRequest(port, message('GET /silent'))).clean).toBe(false);
    }
    for (const [index, { response }] of opened.entries()) {
      let read = 0;
      for await (const chunk of response) read += (chunk as Buffer).length;
      expect(read).toBe(24 << 20);
      expect((await gateway.waitForLog(({ path }) => path === `/${index}`))['error']).toBeUndefined();
    }
  });

  contract.rule('gives the attempt up when the client leaves before the response', async running => {
    const backend = await startRawBackend();
    const { port, logged } = await running.start(backend);
    const client = await connectRaw(port);
    client.send(message('GET /'));
    const connection = await backend.connection();
    await connection.head();
    client.close();
    await connection.closed;
    expect(await logged()).toMatchObject({ status: 499, error: 'CLIENT_ABORTED' });
  });

  contract.rule('gives the attempt up when the client leaves within the response', async running => {
    const backend = await startRawBackend(async connection => {
      await connection.head();
      connection.respond('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin');
    });
    const { port, logged } = await running.start(backend);
    for (const leave of ['close', 'reset'] as const) {
      const client = await connectRaw(port);
      client.send(message('GET /'));
      await client.until('begin');
      client[leave]();
    }
    for (const number of [1, 2]) await (await backend.connection(number)).closed;
    expect(await logged()).toMatchObject({ status: 499, error: 'CLIENT_ABORTED', bytesOut: 5 });
  });

  contract.rule('gives the attempt up when the client leaves within its upload', async running => {
    for (const framing of ['Content-Length: 100000', 'Transfer-Encoding: chunked']) {
      const backend = await startRawBackend();
      const { port, logged } = await running.start(backend);
      const client = await connectRaw(port);
      client.send(message('POST /', [framing], '5\r\nhello\r\n'));
      const connection = await backend.connection();
      await connection.until('hello');
      client.close();
      await connection.closed;
      expect(connection.text).not.toMatch(/\r\n0\r\n\r\n$/);
      expect(await logged()).toMatchObject({ status: 499, error: 'CLIENT_ABORTED' });
    }
  });

  contract.rule('makes no request for a client that leaves while its request waits for a connection', async running => {
    const backend = await startRawBackend();
    const { port, gateway } = await running.start(backend, { upstream: { connections: { max: 1 } } });
    const first = await connectRaw(port);
    first.send(message('GET /first'));
    const connection = await backend.connection();
    await connection.head();
    const second = await connectRaw(port);
    second.send(message('GET /second'));
    await eventually(async () => expect(await gateway.metric('gatehouse_requests_in_flight')).toBe(2));
    second.close();
    await gateway.waitForLog(line => line['path'] === '/second' && line['status'] === 499);
    connection.respond('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect((await first.response()).status).toBe(200);
    expect(connection.text).not.toContain('/second');
  });

  contract.rule('streams a response as it comes', async running => {
    const backend = await startRawBackend(async connection => {
      await connection.head();
      connection.respond('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none \r\n');
    });
    const { port } = await running.start(backend);
    const client = await connectRaw(port);
    client.send(message('GET /'));
    await client.until('one ');
    (await backend.connection()).respond('3\r\ntwo\r\n0\r\n\r\n');
    expect((await client.response()).text).toBe('one two');
  });
}
