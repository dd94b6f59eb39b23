import { describe, expect, it } from 'vitest';
import { backendAt, openPools, plainRequest, RecordedAttempt, upload } from '../../../test/support/forwarding.js';
import { always, startRawBackend, type RawBackend } from '../../../test/support/raw-backend.js';
import { ClientTie } from '../client/client-tie.js';
import type { ForwardRequest } from './forwarder.js';
import { NodeCarrier } from './node-carrier.js';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function start(backend: RawBackend) {
  const carrier = new NodeCarrier(openPools());
  const live = backendAt(backend.url);
  const forward = (change: Partial<ForwardRequest> = {}): RecordedAttempt => {
    const attempt = new RecordedAttempt();
    carrier.forward({ ...plainRequest, ...change }, live, attempt);
    return attempt;
  };
  return { carrier, live, forward };
}

describe('requests that undici cannot carry', () => {
  it.each<[string, Partial<ForwardRequest>, string]>([
    ['OPTIONS *', { method: 'OPTIONS', path: '*' }, 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n'],
    ['TE', { acceptsTrailers: true }, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, TE\r\n\r\n'],
    [
      'an upgrade',
      { upgrade: 'websocket' },
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
    [
      'a body that is held',
      { method: 'PUT', headers: ['Host', 'a', 'Content-Length', '4'], body: Buffer.from('held') },
      'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\nheld',
    ],
  ])('are written as they are: %s', async (_, change, bytes) => {
    const backend = await startRawBackend(always(ok));
    expect(await start(backend).forward(change).over()).toEqual(['sent', 200, 'end']);
    expect(backend.connections[0]!.text).toBe(bytes);
  });

  it('send their head before the first byte of the body', async () => {
    const backend = await startRawBackend();
    const { source, body } = upload();
    start(backend).forward({ method: 'POST', body });
    const connection = await backend.connection();
    expect(await connection.head()).toMatch(/\r\nTransfer-Encoding: chunked\r\n/);
    source.arrive(Buffer.from('abc'));
    expect(await connection.until('abc')).toMatch(/\r\n\r\n3\r\nabc\r\n$/);
  });

  it.each([{ path: '/a b' }, { headers: ['Host', 'a', 'X-A', 'line\r\nX-B: 1'] }])(
    'fail when they cannot be written, without an exception: %j',
    async change => {
      const backend = await startRawBackend();
      expect(await start(backend).forward(change).over()).toEqual(['DENIED']);
      expect(backend.connections.length).toBe(0);
    },
  );

  it('of one client go over connections that carry no others', async () => {
    const backend = await startRawBackend(always(ok));
    const { forward } = start(backend);
    const [one, other] = [new ClientTie(), new ClientTie()];
    for (const tie of [one, other, undefined, one]) await forward({ tie }).over();
    expect(backend.connections.map(({ heads }) => heads)).toEqual([2, 1, 1]);
    one.end();
    expect(await backend.connections[0]!.closed).toMatch(/end|reset/);
  });

  it('are counted', async () => {
    const backend = await startRawBackend();
    const { carrier, live, forward } = start(backend);
    forward({ ownConnection: true });
    forward();
    await Promise.all([backend.connection(1), backend.connection(2)].map(async each => (await each).head()));
    expect(carrier.connections(live)).toEqual({ active: 2, idle: 0, pending: 0 });
  });
});
