import { describe, expect, it } from 'vitest';
import { backendAt, openPools, plainRequest, RecordedAttempt, upload } from '../../../test/support/forwarding.js';
import { always, startRawBackend, type RawBackend } from '../../../test/support/raw-backend.js';
import type { ForwardRequest } from './forwarder.js';
import { HttpProxyMiddlewareForwarder, type LibraryPlugin } from './http-proxy-middleware-forwarder.js';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\n\r\nok';

function start(backend: RawBackend, ...plugins: LibraryPlugin[]) {
  let asked = 0;
  const forwarder = new HttpProxyMiddlewareForwarder(openPools(), () => (asked++, plugins));
  const forward = (change: Partial<ForwardRequest> = {}): RecordedAttempt => {
    const attempt = new RecordedAttempt();
    forwarder.forward({ ...plainRequest, ...change }, backendAt(backend.url), attempt);
    return attempt;
  };
  return { forward, timesAsked: () => asked };
}

describe('the forwarder http-proxy-middleware', () => {
  it.each<[string, Partial<ForwardRequest>, string]>([
    ['GET', {}, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n'],
    [
      'fields that stand twice',
      { headers: ['Host', 'a', 'X-B', '1', 'x-b', '2'] },
      'GET / HTTP/1.1\r\nHost: a\r\nX-B: 1\r\nX-B: 2\r\nConnection: keep-alive\r\n\r\n',
    ],
    ['OPTIONS *', { method: 'OPTIONS', path: '*' }, 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n'],
    ['MKCOL without a body', { method: 'MKCOL' }, 'MKCOL / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n'],
    [
      'a body that is held',
      { method: 'PUT', headers: ['Host', 'a', 'Content-Length', '4'], body: Buffer.from('held') },
      'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\nheld',
    ],
  ])('writes the fields of the request and none of its own: %s', async (_, change, bytes) => {
    const backend = await startRawBackend(always(ok));
    expect(await start(backend).forward(change).over()).toEqual(['sent', 200, 'end']);
    expect(backend.connections[0]!.text).toBe(bytes);
  });

  it('streams a body behind its head', async () => {
    const backend = await startRawBackend();
    const { source, body } = upload();
    start(backend).forward({ method: 'POST', body });
    const connection = await backend.connection();
    expect(await connection.head()).toMatch(/\r\nTransfer-Encoding: chunked\r\n/);
    source.arrive(Buffer.from('abc'));
    expect(await connection.until('abc')).toMatch(/\r\n\r\n3\r\nabc\r\n$/);
  });

  it('lets plug-ins change both heads, and asks for the list of them once', async () => {
    const backend = await startRawBackend(always(ok));
    const { forward, timesAsked } = start(backend, server => {
      server
        .on('proxyReq', outgoing => outgoing.setHeader('X-Plugin', 'was here'))
        .on('proxyRes', incoming => (incoming.headers['x-a'] = '2'));
    });
    expect(timesAsked()).toBe(0);
    for (let count = 0; count < 2; count++) {
      const attempt = forward();
      await attempt.over();
      expect(attempt.headers).toEqual(['Content-Length', '2', 'x-a', '2']);
    }
    expect(backend.connections[0]!.text).toContain('\r\nX-Plugin: was here\r\n');
    expect(timesAsked()).toBe(1);
  });

  it.each(['start', 'proxyReq', 'proxyRes'] as const)(
    'fails the request of a plug-in that throws in %s',
    async event => {
      const backend = await startRawBackend(always(ok));
      const { forward } = start(backend, server => {
        server.on(event, () => {
          throw new Error('the plug-in is broken');
        });
      });
      const attempt = forward();
      expect((await attempt.over()).at(-1)).toBe('INTERNAL');
      expect(attempt.error!.reason).toContain('the plug-in is broken');
      expect(attempt.error!.detail).not.toContain('plug-in');
    },
  );

  it('fails a request that a plug-in makes unwritable, without an exception', async () => {
    const backend = await startRawBackend(always(ok));
    const { forward } = start(backend);
    const attempt = forward({ headers: ['Host', 'a', 'X-A', 'line\r\nX-B: 1'] });
    expect((await attempt.over()).at(-1)).toBe('DENIED');
    expect(backend.connections.map(({ text }) => text).join('')).toBe('');
  });

  it('tells of an answer that refuses an upgrade', async () => {
    const size = 1024 * 1024;
    const backend = await startRawBackend(
      always(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${size}\r\n\r\n${'a'.repeat(size)}`),
    );
    const attempt = start(backend).forward({ upgrade: 'websocket' });
    expect(await attempt.over()).toEqual(['sent', 403, 'end']);
    expect(attempt.body.length).toBe(size);
  });

  it.each(['websocket', 'other'])('hands the connection over that was upgraded to %s', async upgrade => {
    const seen: string[] = [];
    const backend = await startRawBackend(async connection => {
      await connection.head();
      connection.respond(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`);
    });
    const { forward } = start(backend, server => {
      server.on('proxyReqWs', (_, { url }) => void seen.push(String(url)));
    });
    const attempt = forward({ path: '/chat', upgrade });
    expect(await attempt.over()).toEqual(['sent', 'upgraded']);
    attempt.connection!.write('frame');
    await backend.connections[0]!.until(/\r\n\r\nframe$/);
    // The library, and with it its plug-ins, knows WebSocket only.
    expect(seen).toEqual(upgrade === 'websocket' ? ['/chat'] : []);
    attempt.connection!.destroy();
    await backend.connections[0]!.closed;
  });
});
