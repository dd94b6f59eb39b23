import { expect } from 'vitest';
import { connectRaw, rawRequest } from '../../support/client.js';
import { startRawBackend } from '../../support/raw-backend.js';
import type { Contract } from './contract.js';
import { message, ok } from './wire.js';

const get = (...fields: string[]): string => ['GET / HTTP/1.1', ...fields, '', ''].join('\r\n');

/** Bytes that are refused before any backend hears of them, and the status that says why. */
const refused: Readonly<Record<string, readonly [string, number]>> = {
  'without Host': [get('X-A: 1'), 400],
  'with two Hosts': [get('Host: a', 'Host: a'), 400],
  'with a Host that is none': [get('Host: a b'), 400],
  'with a Host with a path': [get('Host: a/b'), 400],
  'with a Host with a user': [get('Host: me@a'), 400],
  'for CONNECT': ['CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n', 405],
  'for GET *': [message('GET *'), 400],
  'for a target with a fragment': [message('GET /a#b'), 400],
  'with an expectation other than 100-continue': [message('GET /', ['Expect: the-worst']), 417],
  'with a length and chunks': [
    message('POST /', ['Content-Length: 2', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    400,
  ],
  'with two different lengths': [message('POST /', ['Content-Length: 2', 'Content-Length: 3'], 'abc'), 400],
  'with an unknown transfer coding': [message('POST /', ['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'), 501],
  'with a space before a colon': [message('GET /', ['X-A : 1']), 400],
  'with a folded field': [message('GET /', ['X-A: 1', ' folded']), 400],
  'with a NUL in a field': [message('GET /', ['X-A: a\0b']), 400],
  'with a target over 16 KiB': [message(`GET /${'x'.repeat(17_000)}`), 414],
  'with over 100 fields': [
    message(
      'GET /',
      Array.from({ length: 101 }, (_, index) => `X-${index}: 1`),
    ),
    431,
  ],
  'with fields over 32 KiB': [message('GET /', [`X-A: ${'x'.repeat(33_000)}`]), 431],
};

/** What never reaches a backend. */
export function refusals(contract: Contract): void {
  for (const [what, [bytes, status]] of Object.entries(refused)) {
    contract.rule(`answers ${status} to a request ${what}`, async running => {
      const backend = await startRawBackend(ok);
      const { port, logged } = await running.start(backend);
      const response = await rawRequest(port, bytes);
      expect([response.status, response.header('x-gateway-error'), response.clean]).toEqual([status, 'DENIED', true]);
      expect(response.header('content-type')).toBe('application/problem+json');
      expect(backend.connections).toEqual([]);
      expect(await logged()).toMatchObject({ status, error: 'DENIED' });
    });
  }

  contract.rule('lets an HTTP/1.0 client do without Host', async running => {
    const backend = await startRawBackend(ok);
    const { port } = await running.start(backend);
    expect((await rawRequest(port, 'GET / HTTP/1.0\r\n\r\n')).text).toBe('ok');
  });

  contract.rule('ends the connection of a message that it refuses, and serves nothing more of it', async running => {
    const backend = await startRawBackend(ok);
    const { port } = await running.start(backend);
    const client = await connectRaw(port);
    client.send(message('GET /a#b') + message('GET /smuggled'));
    const response = await client.response();
    expect([response.status, response.header('connection')]).toEqual([400, 'close']);
    expect(await client.closed()).toBe('end');
    expect([client.rest.length, backend.connections]).toEqual([0, []]);
  });

  contract.rule('serves the next request of a connection after an answer of its own', async running => {
    const backend = await startRawBackend(ok);
    const { port } = await running.start(backend);
    const client = await connectRaw(port);
    client.send(message('OPTIONS /', ['Max-Forwards: 0']) + message('GET /next'));
    expect((await client.response()).status).toBe(204);
    expect((await client.response()).text).toBe('ok');
  });
}
