import { describe, expect, it } from 'vitest';
import { BackendPools } from '../../src/proxy/forwarder/backend-pools.js';
import type { Forwarder } from '../../src/proxy/forwarder/forwarder.js';
import { HttpProxyMiddlewareForwarder } from '../../src/proxy/forwarder/http-proxy-middleware-forwarder.js';
import { Http1Forwarder } from '../../src/proxy/forwarder/http1-forwarder.js';
import { type Echo, startBackend } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { backendAt, plainRequest, RecordedAttempt } from '../support/forwarding.js';
import { eventually } from '../support/poll.js';

const kinds: Readonly<Record<string, (pools: BackendPools) => Forwarder>> = {
  default: pools => new Http1Forwarder(pools),
  'http-proxy-middleware': pools => new HttpProxyMiddlewareForwarder(pools),
};

describe.each(Object.entries(kinds))('the forwarder %s, on its own', (_, make) => {
  async function start() {
    const pools = new BackendPools({ connections: { max: 4, idleTimeout: 10_000 }, connectTimeout: 1_000 });
    const forwarder = make(pools);
    const server = await startBackend();
    closeLater(() => forwarder.close());
    return { forwarder, server, backend: backendAt(server.url) };
  }

  it('carries a body that is held whole, without messages of a client', async () => {
    const { forwarder, backend } = await start();
    const attempt = new RecordedAttempt();
    const request = {
      ...plainRequest,
      method: 'POST',
      headers: ['Host', 'a', 'Content-Length', '4'],
      body: Buffer.from('held'),
    };
    forwarder.forward(request, backend, attempt);
    expect(await attempt.over()).toEqual(['sent', 200, 'end']);
    expect(JSON.parse(attempt.body) as Echo).toMatchObject({ method: 'POST', bodyLength: 4 });
  });

  it('sends nothing and tells nothing when it is given up at once', async () => {
    const { forwarder, server, backend } = await start();
    const given = new RecordedAttempt();
    forwarder.forward({ ...plainRequest, path: '/given-up' }, backend, given).abort();
    const next = new RecordedAttempt();
    forwarder.forward({ ...plainRequest, path: '/next' }, backend, next);
    await next.over();
    expect(given.told).toEqual([]);
    expect(server.requests.map(({ url }) => url)).toEqual(['/next']);
  });

  it('tells of a request that cannot be written, and throws nothing', async () => {
    const { forwarder, backend, server } = await start();
    for (const change of [{ path: '/a b' }, { headers: ['Host', 'a', 'X-A', 'line\r\nX-B: 1'] }]) {
      const attempt = new RecordedAttempt();
      forwarder.forward({ ...plainRequest, ...change }, backend, attempt);
      expect((await attempt.over()).at(-1)).toBe('DENIED');
    }
    expect(server.requests).toEqual([]);
  });

  it('counts its connections', async () => {
    const { forwarder, backend } = await start();
    const attempt = new RecordedAttempt();
    expect(forwarder.connections(backend)).toEqual({ active: 0, idle: 0, pending: 0 });
    forwarder.forward(plainRequest, backend, attempt);
    await attempt.over();
    await eventually(() => expect(forwarder.connections(backend)).toEqual({ active: 0, idle: 1, pending: 0 }));
    await forwarder.close();
  });
});
