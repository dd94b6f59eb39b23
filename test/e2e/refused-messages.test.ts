import { beforeAll, describe, expect, it } from 'vitest';
import { type RawBackend, always, startRawBackend } from '../support/raw-backend.js';
import { connectRaw, rawRequest } from '../support/client.js';
import { eventually } from '../support/poll.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';

const host = 'Host: shop.example\r\n';
const post = `POST / HTTP/1.1\r\n${host}`;

/** What is wrong, the status it gets, and the bytes. */
type Case = readonly [what: string, status: number, bytes: string];

const malformed: readonly Case[] = [
  ['a line that ends in a bare LF', 400, `GET / HTTP/1.1\n${host}\r\n`],
  ['a header that ends in a bare LF', 400, `GET / HTTP/1.1\r\nHost: shop.example\nX-A: b\r\n\r\n`],
  ['a head that ends in a bare LF', 400, `GET / HTTP/1.1\r\nHost: shop.example\r\n\n`],
  ['a bare CR in a header', 400, `GET / HTTP/1.1\r\n${host}X-A: b\rX-B: c\r\n\r\n`],
  ['a bare CR before the name of a header', 400, `GET / HTTP/1.1\r\n\rX-A: b\r\n${host}\r\n`],
  ['a method with characters that no token has', 400, `G@T / HTTP/1.1\r\n${host}\r\n`],
  ['no version', 400, `GET /\r\n${host}\r\n`],
  ['a version that is no number', 400, `GET / HTTP/one\r\n${host}\r\n`],
  ['a version of another protocol', 400, `GET / HTTQ/1.1\r\n${host}\r\n`],
  ['version 1.2', 400, `GET / HTTP/1.2\r\n${host}\r\n`],
  ['a space in the target', 400, `GET /a b HTTP/1.1\r\n${host}\r\n`],
  ['a target without a slash', 400, `GET orders HTTP/1.1\r\n${host}\r\n`],
  ['a target with a fragment', 400, `GET /a#b HTTP/1.1\r\n${host}\r\n`],
  ['a target of another scheme', 400, `GET ftp://shop.example/ HTTP/1.1\r\n${host}\r\n`],
  ['an asterisk as the target of GET', 400, `GET * HTTP/1.1\r\n${host}\r\n`],
  ['a space in a header name', 400, `GET / HTTP/1.1\r\n${host}X A: b\r\n\r\n`],
  ['a space before the colon', 400, `GET / HTTP/1.1\r\nHost : shop.example\r\n\r\n`],
  ['a header without a colon', 400, `GET / HTTP/1.1\r\n${host}nonsense\r\n\r\n`],
  ['a header without a name', 400, `GET / HTTP/1.1\r\n${host}: b\r\n\r\n`],
  ['a folded header', 400, `GET / HTTP/1.1\r\n${host}X-A: b\r\n c\r\n\r\n`],
  ['a fold in the first header', 400, `GET / HTTP/1.1\r\n X-A: b\r\n${host}\r\n`],
  ['NUL in a header', 400, `GET / HTTP/1.1\r\n${host}X-A: a\0b\r\n\r\n`],
  ['NUL in the target', 400, `GET /a\0b HTTP/1.1\r\n${host}\r\n`],
  ['raw bytes above ASCII in the target', 400, `GET /caf\xc3\xa9 HTTP/1.1\r\n${host}\r\n`],
  ['no Host', 400, 'GET / HTTP/1.1\r\nX-A: b\r\n\r\n'],
  ['an empty Host', 400, 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
  ['two Hosts', 400, `GET / HTTP/1.1\r\n${host}Host: evil.example\r\n\r\n`],
  ['two equal Hosts', 400, `GET / HTTP/1.1\r\n${host}${host}\r\n`],
  ['a Host with a path', 400, 'GET / HTTP/1.1\r\nHost: shop.example/admin\r\n\r\n'],
  ['a Host with user information', 400, 'GET / HTTP/1.1\r\nHost: user@shop.example\r\n\r\n'],
  ['a Host with two names', 400, 'GET / HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n'],
  ['a Host with a port that is none', 400, 'GET / HTTP/1.1\r\nHost: shop.example:99999\r\n\r\n'],
  ['TLS on a plain listener', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
];

const framing: readonly Case[] = [
  [
    'Content-Length and Transfer-Encoding',
    400,
    `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'Transfer-Encoding and Content-Length',
    400,
    `${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  ],
  ['two different lengths', 400, `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`],
  ['two equal lengths', 400, `${post}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
  ['a list of lengths', 400, `${post}Content-Length: 5, 5\r\n\r\nhello`],
  ['a negative length', 400, `${post}Content-Length: -1\r\n\r\n`],
  ['a length with a sign', 400, `${post}Content-Length: +5\r\n\r\nhello`],
  ['a length in hex', 400, `${post}Content-Length: 0x5\r\n\r\nhello`],
  ['a length that no number can hold', 400, `${post}Content-Length: 99999999999999999999\r\n\r\n`],
  ['an empty length', 400, `${post}Content-Length:\r\n\r\n`],
  ['chunked that is not the last coding', 400, `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
  ['chunked twice', 400, `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['a misspelled coding', 501, `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  [
    'a coding in a chunked HTTP/1.0 request',
    400,
    `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['a coding besides chunked', 501, `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
];

const oversized: readonly Case[] = [
  ['a target that is too long', 414, `GET /${'a'.repeat(2_000)} HTTP/1.1\r\n${host}\r\n`],
  ['a query that is too long', 414, `GET /?${'a'.repeat(2_000)} HTTP/1.1\r\n${host}\r\n`],
  ['a target without an end', 414, `GET /${'a'.repeat(200_000)}`],
  ['too many headers', 431, `GET / HTTP/1.1\r\n${host}${'X-A: b\r\n'.repeat(20)}\r\n`],
  ['a header that is too large', 431, `GET / HTTP/1.1\r\n${host}X-A: ${'b'.repeat(5_000)}\r\n\r\n`],
  [
    'headers that are too large together',
    431,
    `GET / HTTP/1.1\r\n${host}${`X-A: ${'b'.repeat(900)}\r\n`.repeat(6)}\r\n`,
  ],
  ['headers without an end', 431, `GET / HTTP/1.1\r\n${host}${'X-A: b\r\n'.repeat(20_000)}`],
];

describe('a message that is refused', () => {
  let backend: RawBackend;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    backend = await startRawBackend(always('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    gateway = await startInProcess({
      security: { validation: { maxUrl: '1kb', maxHeaders: 10, maxHeaderSize: '4kb' } },
      upstreams: { app: { backends: [backend.url] } },
    });
  });

  const refused = new Map<string, number>();

  /** Sends the bytes, and expects a refusal, the end of the connection, and nothing at the backend. */
  async function refuse(bytes: string, status: number): Promise<void> {
    const client = await connectRaw(gateway.port);
    client.send(bytes);
    const response = await client.response();
    expect(response).toMatchObject({ status, clean: true });
    expect(response.header('content-type')).toBe('application/problem+json');
    expect(response.header('x-gateway-error')).toBe('DENIED');
    expect(response.header('connection')).toBe('close');
    expect(response.json()).toMatchObject({ status, requestId: response.header('x-request-id') });
    await client.closed(7000);
    expect(client.rest).toHaveLength(0);
    refused.set(response.header('x-request-id') ?? '', status);
  }

  it.each(malformed)('has %s: %d', async (_what, status, bytes) => {
    await refuse(bytes, status);
  });

  it.each(framing)('has %s: %d', async (_what, status, bytes) => {
    await refuse(bytes, status);
  });

  it.each(oversized)('has %s: %d', async (_what, status, bytes) => {
    await refuse(bytes, status);
  });

  it('takes what follows it on the connection with it', async () => {
    const next = `GET /smuggled HTTP/1.1\r\n${host}\r\n`;
    await refuse(`${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${next}`, 400);
    await refuse(`GET / HTTP/1.1\r\n${host}${host}\r\n${next}${next}`, 400);
    await refuse(`${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${next}`, 501);
  });

  it('has an access line', async () => {
    expect(refused.size).toBeGreaterThan(50);
    for (const [id, status] of refused) {
      const line = await gateway.waitForLog(({ requestId }) => requestId === id);
      expect(line).toMatchObject({ msg: 'exchange', status, error: 'DENIED', attempts: 0, listener: 'web' });
    }
  });

  it('never reaches a backend', async () => {
    // Requests are sent in their order, so what was forwarded before this one would have arrived before it.
    expect((await rawRequest(gateway.port, `GET /last HTTP/1.1\r\n${host}\r\n`)).status).toBe(200);
    expect(backend.connections).toHaveLength(1);
    expect(backend.connections[0]?.text).toMatch(/^GET \/last /);
    expect(gateway.logs.map(({ path }) => path)).not.toContain('/smuggled');
  });

  it('does not take the answers before it away', async () => {
    const client = await connectRaw(gateway.port);
    client.send(`GET / HTTP/1.1\r\n${host}\r\n` + 'nonsense\r\n\r\n');
    expect(await client.response()).toMatchObject({ status: 200, text: 'ok' });
    expect(await client.response()).toMatchObject({ status: 400, clean: true });
    await client.closed(7000);
  });
});

describe('a body that is refused', () => {
  let backend: RawBackend;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    backend = await startRawBackend();
    gateway = await startInProcess({ upstreams: { app: { backends: [backend.url] } } });
  });

  const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;

  it.each([
    ['no size', `${chunked}hello\r\n0\r\n\r\n`],
    ['a negative size', `${chunked}-5\r\nhello\r\n0\r\n\r\n`],
    ['a size with a prefix', `${chunked}0x5\r\nhello\r\n0\r\n\r\n`],
    ['a size that no number can hold', `${chunked}fffffffffffffffff\r\nhello\r\n0\r\n\r\n`],
    ['a size line that ends in a bare LF', `${chunked}5\nhello\r\n0\r\n\r\n`],
    ['more data than its size', `${chunked}5\r\nhello world\r\n0\r\n\r\n`],
    ['data that ends in a bare LF', `${chunked}5\r\nhello\n0\r\n\r\n`],
    ['a broken second size', `${chunked}5\r\nhello\r\nxyz\r\n0\r\n\r\n`],
  ])('has a chunk with %s: 400, and the backend sees no whole request', async (_what, bytes) => {
    const client = await connectRaw(gateway.port);
    client.send(bytes);
    const response = await client.response();
    expect(response).toMatchObject({ status: 400, clean: true });
    expect(response.header('connection')).toBe('close');
    expect(response.header('content-type')).toBe('application/problem+json');
    await client.closed(7000);
    // A connection that was made but not used yet may be kept; one that carried the beginning of the request must be cut.
    for (const connection of backend.connections) {
      await eventually(() => expect(connection.text === '' || connection.socket.destroyed).toBe(true));
      expect(connection.text).not.toMatch(/\r\n0\r\n\r\n$/);
    }
  });
});
