import type { IncomingHttpHeaders } from 'node:http';
import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { connectRaw } from '../../test/support/raw-client.js';
import { joinedHeaders } from './joined-headers.js';

/** Sends a request with these fields to a server of Node's: gives its fields as they came, and as Node joins them. */
async function byNode(fields: readonly string[]): Promise<{ raw: string[]; headers: IncomingHttpHeaders }> {
  const server = http.createServer({ requireHostHeader: false }).listen(0, '127.0.0.1');
  closeLater(() => server.close());
  await once(server, 'listening');
  const client = await connectRaw((server.address() as AddressInfo).port);
  client.send(`GET / HTTP/1.1\r\n${fields.map(field => `${field}\r\n`).join('')}\r\n`);
  const [{ rawHeaders, headers }] = (await once(server, 'request')) as [http.IncomingMessage];
  client.close();
  return { raw: rawHeaders, headers };
}

/** Names that Node knows, of both kinds, and some that nothing knows. */
const names = [
  ...['Age', 'Authorization', 'Content-Type', 'ETag', 'Expires', 'From', 'Host', 'If-Modified-Since'],
  ...['If-Unmodified-Since', 'Last-Modified', 'Location', 'Max-Forwards', 'Proxy-Authorization', 'Referer'],
  ...['Retry-After', 'Server', 'User-Agent', 'Accept', 'Accept-Encoding', 'Accept-Language', 'Cache-Control'],
  ...['Connection', 'Cookie', 'Date', 'If-Match', 'If-None-Match', 'Origin', 'Pragma', 'Set-Cookie', 'TE', 'Trailer'],
  ...['Upgrade', 'Vary', 'Via', 'X-Forwarded-For', 'Sec-WebSocket-Key', 'X-Other', 'constructor', 'toString'],
];

describe('fields that are joined', () => {
  it('are those that Node gives, where each comes once', async () => {
    const { raw, headers } = await byNode([...names.map(name => `${name}: a b`), 'Content-Length: 0']);
    expect({ ...joinedHeaders(raw) }).toEqual({ ...headers });
  });

  it('are those that Node gives, where each comes three times in several spellings', async () => {
    const spellings = [
      (name: string) => name,
      (name: string) => name.toUpperCase(),
      (name: string) => name.toLowerCase(),
    ];
    const { raw, headers } = await byNode(
      spellings.flatMap((spelled, i) => names.map(name => `${spelled(name)}: ${name}-${i}`)),
    );
    expect({ ...joinedHeaders(raw) }).toEqual({ ...headers });
  });

  it('are those that Node gives, where values are empty or have commas', async () => {
    const { raw, headers } = await byNode([
      ...['X-Empty:', 'X-Empty: b', 'X-Empty:', 'Host:', 'Host: b', 'Cookie:', 'Cookie: a=1; b=2', 'Set-Cookie:'],
      ...['Via: 1.1 a, 1.1 b', 'Via: 1.1 c', 'Set-Cookie: a=1, b=2'],
    ]);
    expect({ ...joinedHeaders(raw) }).toEqual({ ...headers });
  });

  it('join cookies by semicolons, keep those that are set apart, and take the first length', () => {
    const raw = ['Cookie', 'a=1', 'Cookie', 'b=2', 'Set-Cookie', 'c=3', 'Set-Cookie', 'd=4', 'X', '1', 'x', '2'];
    const headers = joinedHeaders([...raw, 'Content-Length', '1', 'Content-Length', '2']);
    expect({ ...headers }).toEqual({
      cookie: 'a=1; b=2',
      'set-cookie': ['c=3', 'd=4'],
      x: '1, 2',
      'content-length': '1',
    });
  });

  it('have none that nothing has sent, and may have any name', () => {
    const headers = joinedHeaders(['__proto__', 'a', '__proto__', 'b']);
    expect([headers['constructor'], Object.entries(headers)]).toEqual([undefined, [['__proto__', 'a, b']]]);
  });
});
