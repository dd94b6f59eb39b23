import { describe, expect, it } from 'vitest';
import { rawRequest } from '../support/client.js';
import { startRawBackend } from '../support/raw-backend.js';
import { gatewayTo } from '../support/scene.js';

const unasked = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse';
const right = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nreal';

/** The kinds of requests that take different roads to a backend. */
const roads: [string, string][] = [
  ['default', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['default', 'GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n'],
  ['http-proxy-middleware', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['http-proxy-middleware', 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc'],
];

describe.each(roads)('bytes that a backend sends before it was asked (%s, %j)', (forwarder, bytes) => {
  it('are no answer: the connection is of no use', async () => {
    const backend = await startRawBackend(connection => {
      if (connection.number === 1) connection.respond(unasked);
      else void connection.head().then(() => connection.respond(right));
    });
    const gateway = await gatewayTo([backend], { forwarder, retries: { attempts: 0 } });
    const first = await rawRequest(gateway.port, bytes);
    expect(first.status).toBe(502);
    expect(first.body.toString('latin1')).not.toBe('false');
    const second = await rawRequest(gateway.port, bytes);
    expect([second.status, second.body.toString()]).toEqual([200, 'real']);
    // Nothing was written before, or an answer that comes at once could not be told from one that was not asked for.
    expect(backend.connections[0]!.text).toBe('');
  });

  it('cost the client nothing where there may be another attempt', async () => {
    const backend = await startRawBackend(connection => {
      if (connection.number === 1) connection.respond(unasked);
      else void connection.head().then(() => connection.respond(right));
    });
    const gateway = await gatewayTo([backend], { forwarder, retries: { attempts: 1, backoff: '1ms' } });
    const response = await rawRequest(gateway.port, bytes);
    expect([response.status, response.body.toString()]).toEqual([200, 'real']);
  });
});
