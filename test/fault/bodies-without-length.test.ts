import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificate.js';
import { closeLater } from '../support/cleanup.js';
import { connectRaw, rawRequest } from '../support/client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { patternOf } from '../support/pattern.js';
import { eventually } from '../support/poll.js';
import { startRawBackend, type RawConnection, type RawScript } from '../support/raw-backend.js';
import { accessLineOf, expectAtRest, gatewayTo } from '../support/scene.js';

const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const head = 'HTTP/1.1 200 OK\r\n\r\n';

/** Answers with these bytes and then ends like this, once they have had the time to be read. */
const answering =
  (bytes: string, last: (connection: RawConnection) => void): RawScript =>
  async connection => {
    await connection.head();
    connection.respond(bytes);
    setImmediate(() => last(connection));
  };
const reset = (connection: RawConnection): void => connection.reset();

/** A TLS server that answers so; gives the gateway before it. */
async function secured(bytes: string, last: (secure: tls.TLSSocket, plain: net.Socket) => void) {
  const { cert, key, certFile } = await makeCertificate();
  const open = new Set<net.Socket>();
  const server = tls.createServer({ cert, key });
  server.on('connection', plain => {
    open.add(plain.on('error', () => {}));
    server.once('secureConnection', secure => {
      secure.on('error', () => {}).once('data', () => secure.write(bytes, () => setImmediate(last, secure, plain)));
    });
  });
  closeLater(() => {
    for (const each of open) each.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return gatewayTo([`https://127.0.0.1:${port}`], { tls: { ca: certFile } });
}

async function expectBroken(gateway: InProcessGateway): Promise<void> {
  const { clean, text } = await rawRequest(gateway.port, request);
  expect([clean, 'hello'.startsWith(text)]).toEqual([false, true]);
  const line = await accessLineOf(gateway);
  expect(line).toMatchObject({ status: 200, error: 'BODY_BROKEN', attempts: 1 });
  expect(line['reason']).toMatch(/ECONNRESET/);
  expect(await gateway.metric('gatehouse_attempts_total', { outcome: 'failure' })).toBe(1);
  await expectAtRest(gateway);
}

async function expectWhole(gateway: InProcessGateway): Promise<void> {
  for (let number = 1; number <= 5; number++) {
    const { status, clean, text } = await rawRequest(gateway.port, request);
    expect([status, clean, text]).toEqual([200, true, 'hello']);
    expect((await accessLineOf(gateway, number))['error']).toBeUndefined();
  }
  await expectAtRest(gateway);
}

describe('a response that has neither a length nor chunks', () => {
  it.each([
    ['after a part of the body', `${head}hello`],
    ['right after the head', head],
    ['after it has announced to close', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello'],
    ['as an HTTP/1.0 server', 'HTTP/1.0 200 OK\r\n\r\nhello'],
  ])('is broken for the client when its backend resets the connection %s', async (_, bytes) => {
    await expectBroken(await gatewayTo([await startRawBackend(answering(bytes, reset))]));
  });

  it('is broken for the client when its backend resets a TLS connection', async () => {
    await expectBroken(await secured(`${head}hello`, (_, plain) => plain.resetAndDestroy()));
  });

  it('is whole when its backend ends the connection', async () => {
    await expectWhole(await gatewayTo([await startRawBackend(answering(`${head}hello`, each => each.end()))]));
  });

  it('is whole when its backend ends a TLS connection', async () => {
    await expectWhole(await secured(`${head}hello`, secure => secure.end()));
  });
});

describe('a client that reads late', () => {
  const body = patternOf(12 * 1024 * 1024);

  /** A client that reads nothing until `last` has happened to a connection that had more to say than fits on the way. */
  async function readLate(last: (connection: RawConnection) => void) {
    const backend = await startRawBackend(async connection => {
      await connection.head();
      connection.respond(head);
      connection.respond(body);
    });
    const gateway = await gatewayTo([backend]);
    const client = await connectRaw(gateway.port);
    client.pause();
    client.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const connection = await backend.connection();
    let before = -1;
    await eventually(
      () => {
        const { bytesWritten, writableLength } = connection.socket;
        const gone = bytesWritten - writableLength;
        const stands = gone > 0 && gone === before;
        before = gone;
        return stands;
      },
      { what: 'a backend that can send no more' },
    );
    last(connection);
    client.resume();
    await client.closed(20_000);
    return { gateway, response: await client.response() };
  }

  it('sees that a body without length was broken by a reset', async () => {
    const { gateway, response } = await readLate(reset);
    expect([response.status, response.clean]).toEqual([200, false]);
    expect(response.body.equals(body.subarray(0, response.body.length))).toBe(true);
    expect(await accessLineOf(gateway)).toMatchObject({ error: 'BODY_BROKEN' });
  });

  it('gets all of a body without length that the end of the connection ended', async () => {
    const { gateway, response } = await readLate(connection => connection.end());
    expect([response.status, response.clean, response.body.equals(body)]).toEqual([200, true, true]);
    expect((await accessLineOf(gateway))['error']).toBeUndefined();
  });
});

it.each([
  ['a length', 'Content-Length: 5\r\n\r\nhello'],
  ['chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
])('a last response with %s is whole, however its connection ends after it', async (_, rest) => {
  const bytes = `HTTP/1.1 200 OK\r\nConnection: close\r\n${rest}`;
  await expectWhole(await gatewayTo([await startRawBackend(answering(bytes, reset))]));
});
