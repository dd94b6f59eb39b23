import { beforeAll, describe, expect, it } from 'vitest';
import { connectRaw } from '../support/client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { type RawBackend, startRawBackend } from '../support/raw-backend.js';
import { gatewayTo } from '../support/scene.js';

describe.each(['default', 'http-proxy-middleware'])('a head that comes before its body (%s)', forwarder => {
  let backend: RawBackend;
  let gateway: InProcessGateway;
  beforeAll(async () => {
    backend = await startRawBackend();
    gateway = await gatewayTo([backend], { forwarder });
  });

  it.each([
    ['of a declared length', 'Content-Length: 4', 'body', 'body'],
    ['in chunks', 'Transfer-Encoding: chunked', '4\r\nbody\r\n0\r\n\r\n', '4\r\nbody\r\n0\r\n\r\n'],
    ['that ends with the connection', 'Connection: close', 'body', 'body'],
  ])('reaches the client when it comes: a body %s', async (_, framing, bytes, seen) => {
    const client = await connectRaw(gateway.port);
    const number = backend.connections.length + 1;
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const connection = await backend.connection(number);
    await connection.head();
    connection.respond(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`);
    // No byte of the body has been sent: nothing else can bring the head.
    const head = (await client.until('\r\n\r\n')).toString('latin1');
    expect(head).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(head.endsWith('\r\n\r\n')).toBe(true);
    connection.end(bytes);
    await client.until('body');
    expect((await client.response()).body.toString()).toBe('body');
    expect(client.received.toString('latin1')).toContain(seen);
    client.close();
  });

  it('comes together with its body where both are there', async () => {
    const client = await connectRaw(gateway.port);
    const chunks: string[] = [];
    client.socket.on('data', (chunk: Buffer) => chunks.push(chunk.toString('latin1')));
    const number = backend.connections.length + 1;
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const connection = await backend.connection(number);
    await connection.head();
    connection.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody');
    expect((await client.response()).body.toString()).toBe('body');
    expect(chunks).toHaveLength(1);
  });
});
