import { describe, expect, it } from 'vitest';
import { CircuitBreakers } from '../../src/circuit-breaker/circuit-breakers.js';
import { connectRaw } from '../support/client.js';
import { expectAtRest, gatewayTo } from '../support/scene.js';
import { realServers, startRealServer } from '../support/real-servers.js';

const bodyOf = (length: number): string => `Content-Length: ${length}\r\n\r\n${'x'.repeat(length)}`;

/** Requests that are odd and may be forwarded: what follows the method, up to the end; `\n` stands for CRLF. */
const odd: readonly (readonly [what: string, method: string, rest: string])[] = [
  ...['PROPFIND', 'MKCOL', 'LOCK', 'FOO', 'TRACE', 'DELETE', 'OPTIONS', 'QUERY'].map(
    method => [`the method ${method}`, method, '/ HTTP/1.1\nHost: x\n\n'] as const,
  ),
  ['a target of 8 KB', 'GET', `/${'a'.repeat(8000)} HTTP/1.1\nHost: x\n\n`],
  ['a query of 15 KB', 'GET', `/?${'a'.repeat(15_000)} HTTP/1.1\nHost: x\n\n`],
  ['25 KB of cookies', 'GET', `/ HTTP/1.1\nHost: x\nCookie: ${'a=b; '.repeat(5000)}\n\n`],
  ['a cookie of 12 KB', 'GET', `/ HTTP/1.1\nHost: x\nCookie: a=${'b'.repeat(12_000)}\n\n`],
  ['90 fields', 'GET', `/ HTTP/1.1\nHost: x\n${'X-Field: value\n'.repeat(90)}\n`],
  ['fields with bytes above 7f', 'GET', '/ HTTP/1.1\nHost: x\nX-Name: \xc3\xa9\xff\nUser-Agent: \x80\n\n'],
  ['empty fields', 'GET', '/ HTTP/1.1\nHost: x\nUser-Agent:\nAccept:\nRange:\nCookie:\n\n'],
  ['odd field names', 'GET', "/ HTTP/1.1\nHost: x\n!#$%&'*+-.^_`|~09: value\n\n"],
  ['a target with %00', 'GET', '/a%00b HTTP/1.1\nHost: x\n\n'],
  ['a target with %0d%0a and %ff', 'GET', '/a%0d%0aX:1/%ff%fe HTTP/1.1\nHost: x\n\n'],
  ['a target with characters of no URI', 'GET', '/a"b<c>d|e^f`g{h} HTTP/1.1\nHost: x\n\n'],
  ['a query with bytes above 7f', 'GET', '/?q=\xc3\xa9 HTTP/1.1\nHost: x\n\n'],
  ['a hundred ranges', 'GET', `/ HTTP/1.1\nHost: x\nRange: bytes=${'0-0,'.repeat(100)}1-1\n\n`],
  ['a range that is none', 'GET', '/ HTTP/1.1\nHost: x\nRange: lines=9-1\n\n'],
  ['dates that are none', 'GET', '/ HTTP/1.1\nHost: x\nIf-Modified-Since: yesterday\nIf-Unmodified-Since: 0\n\n'],
  ['an authorization that is none', 'GET', '/ HTTP/1.1\nHost: x\nAuthorization: \x7e~~ ===\n\n'],
  ['a host with odd letters', 'GET', '/ HTTP/1.1\nHost: a_b.EXAMPLE.:81\n\n'],
  [
    'an offer of h2c',
    'GET',
    '/ HTTP/1.1\nHost: x\nConnection: Upgrade, HTTP2-Settings\nUpgrade: h2c\nHTTP2-Settings: AAMAAABk\n\n',
  ],
  [
    'a handshake of a WebSocket',
    'GET',
    '/ HTTP/1.1\nHost: x\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\n',
  ],
  ['trailers that are taken', 'GET', '/ HTTP/1.1\nHost: x\nTE: trailers\nConnection: TE\n\n'],
  ['a body of a GET', 'GET', `/ HTTP/1.1\nHost: x\n${bodyOf(5)}`],
  ['a body of a DELETE, in chunks', 'DELETE', '/ HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n'],
  [
    'trailers behind chunks',
    'POST',
    '/ HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\nTrailer: x-t\n\n1\na\n0\nX-T: 1\n\n',
  ],
  ['chunks with extensions', 'POST', '/ HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n3;a=b;c="d"\nabc\n0\n\n'],
  ['an unexpected body of 100 KB', 'POST', `/ HTTP/1.1\nHost: x\n${bodyOf(100_000)}`],
  ['no body and a length of 0', 'POST', '/ HTTP/1.1\nHost: x\nContent-Length: 0\n\n'],
  [
    'a content coding that is none',
    'POST',
    `/ HTTP/1.1\nHost: x\nContent-Encoding: rot13\nContent-Type: \x22\n${bodyOf(3)}`,
  ],
  ['HTTP/1.0', 'GET', '/ HTTP/1.0\n\n'],
];

/**
 * Requests at which a server dies instead of answering. With another backend, a retry shows that the request is the cause
 * (`the-request-is-the-cause.test.ts`); at the only backend, the failure looks like that of a dead server.
 */
const fatal: Partial<Record<(typeof realServers)[number], string[]>> = {
  // An exception in its handler ends the connection.
  python3: ['a target with %00: 1 hard failures in a row'],
};

describe.each(realServers)('no odd request opens the circuit of %s', name => {
  it('not even with a threshold of one, unless the server dies of it', async () => {
    const gateway = await gatewayTo([await startRealServer(name)], {
      circuitBreaker: { volumeThreshold: 1 },
      retries: { attempts: 0 },
      timeouts: { response: '2s' },
    });
    let current = '';
    const opened: string[] = [];
    const breakers = gateway.gateway.app.get(CircuitBreakers);
    breakers.events.subscribe(({ to, reason }) => {
      if (to === 'open') opened.push(`${current}: ${reason}`);
    });
    for (const [what, method, rest] of odd) {
      current = what;
      const client = await connectRaw(gateway.port);
      client.send(`${method} ${rest.replaceAll(/\r?\n/g, '\r\n')}`);
      await client.response({ method });
      client.reset();
      // Those that come after one that opens it are to be seen, too.
      for (const { breaker } of breakers) if (breaker.state !== 'closed') breaker.reset();
    }
    await expectAtRest(gateway);
    expect(opened).toEqual(fatal[name] ?? []);
  });
});
