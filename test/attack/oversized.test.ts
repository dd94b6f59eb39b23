import { describe, expect, it } from 'vitest';
import { connectRaw, rawRequest } from '../support/client.js';
import { gatewayTo } from '../support/scene.js';
import { startStrictBackend } from '../support/strict-backend.js';
import { eventually } from '../support/poll.js';

const host = 'Host: a.example\r\n';
const chunked = `POST /a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`;
const mega = 1024 * 1024;

/** What is too large, what it is answered, and its bytes: more of them than the gateway should read. */
const heads: readonly (readonly [what: string, status: number, bytes: string])[] = [
  ['a target', 414, `GET /${'a'.repeat(17 * 1024)} HTTP/1.1\r\n${host}\r\n`],
  ['a query', 414, `GET /?${'a'.repeat(17 * 1024)} HTTP/1.1\r\n${host}\r\n`],
  ['a target without an end', 414, `GET /${'a'.repeat(4 * mega)}`],
  ['a method without an end', 414, 'A'.repeat(4 * mega)],
  ['a version without an end', 414, `GET / HTTP/1.1${'1'.repeat(4 * mega)}`],
  ['a field', 431, `GET / HTTP/1.1\r\n${host}X: ${'b'.repeat(33 * 1024)}\r\n\r\n`],
  ['a name of a field', 431, `GET / HTTP/1.1\r\n${host}${'X'.repeat(33 * 1024)}: b\r\n\r\n`],
  ['a field without an end', 431, `GET / HTTP/1.1\r\n${host}X: ${'b'.repeat(4 * mega)}`],
  ['a number of fields', 431, `GET / HTTP/1.1\r\n${host}${'X: b\r\n'.repeat(101)}\r\n`],
  ['fields without an end', 431, `GET / HTTP/1.1\r\n${host}${'X: b\r\n'.repeat(mega)}`],
  ['a Host', 400, `GET / HTTP/1.1\r\nHost: ${'a'.repeat(300)}\r\n\r\n`],
];

const bodies: readonly (readonly [what: string, bytes: string])[] = [
  ['a chunk extension', `${chunked}5;a=${'b'.repeat(4 * mega)}`],
  ['a trailer field', `${chunked}0\r\nX: ${'b'.repeat(4 * mega)}`],
  ['a number of trailer fields', `${chunked}0\r\n${'X: b\r\n'.repeat(mega)}`],
];

describe('too large', () => {
  it.each(heads)('is %s: %d, and nothing of it is forwarded', async (_what, status, bytes) => {
    const backend = await startStrictBackend();
    const gateway = await gatewayTo([backend]);
    const response = await rawRequest(gateway.port, bytes);
    expect(response).toMatchObject({ status, clean: true });
    expect(response.header('connection')).toBe('close');
    expect(backend.raw.connections).toHaveLength(0);
  });

  it.each(bodies)('is %s: 400 or 431, and the backend sees no whole request', async (_what, bytes) => {
    const backend = await startStrictBackend();
    const gateway = await gatewayTo([backend]);
    const client = await connectRaw(gateway.port);
    client.send(bytes);
    const response = await client.response();
    expect([400, 431]).toContain(response.status);
    await client.closed(8_000);
    await eventually(() => backend.raw.connections.every(({ text, socket }) => text === '' || socket.destroyed));
    expect(backend.requests).toEqual([]);
    expect(backend.ambiguities).toEqual([]);
  });

  it('are spaces before a value without an end, which count like other bytes', async () => {
    const backend = await startStrictBackend();
    const gateway = await gatewayTo([backend]);
    const response = await rawRequest(gateway.port, `GET / HTTP/1.1\r\n${host}X:${' '.repeat(16 * mega)}`);
    expect(response).toMatchObject({ status: 431, clean: true });
  });

  it('are not thousands of small chunks with small extensions, which cost the backend nothing', async () => {
    const backend = await startStrictBackend();
    const gateway = await gatewayTo([backend]);
    const response = await rawRequest(
      gateway.port,
      `${chunked}${`1;${'e'.repeat(100)}\r\nx\r\n`.repeat(5_000)}0\r\n\r\n`,
      { timeout: 15_000 },
    );
    expect(response).toMatchObject({ status: 200, text: 'POST /a 5000' });
    expect(backend.raw.connections[0]!.text).not.toContain('eee');
  });
});
