import { describe, expect, it } from 'vitest';
import { BackendPools } from '../../src/proxy/forwarder/backend-pools.js';
import type { AttemptObserver, ForwardRequest, Forwarder } from '../../src/proxy/forwarder/forwarder.js';
import { HttpProxyMiddlewareForwarder } from '../../src/proxy/forwarder/http-proxy-middleware-forwarder.js';
import { UndiciForwarder } from '../../src/proxy/forwarder/undici-forwarder.js';
import { LiveBackend } from '../../src/upstream/live-backend.js';
import { type Echo, startBackend } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { eventually } from '../support/poll.js';

const kinds: Readonly<Record<string, (pools: BackendPools) => Forwarder>> = {
  undici: pools => new UndiciForwarder(pools),
  'http-proxy-middleware': pools => new HttpProxyMiddlewareForwarder(pools),
};

const simple: ForwardRequest = {
  method: 'GET',
  path: '/',
  headers: ['Host', 'a'],
  body: undefined,
  expectsContinue: false,
  connectTimeout: 0,
  responseTimeout: 0,
  idleTimeout: 0,
  raw: undefined,
};

/** An observer that keeps what it is told. */
function recorder() {
  const told: unknown[] = [];
  let body = '';
  const observer: AttemptObserver = {
    sent: () => told.push('sent'),
    informational: status => told.push(status),
    head: status => told.push(status),
    data: chunk => ((body += chunk.toString()), true),
    end: () => told.push('end'),
    upgraded: () => told.push('upgraded'),
    fail: error => told.push(error.code),
  };
  return { told, observer, body: () => body };
}

describe.each(Object.entries(kinds))('the forwarder %s, on its own', (_, make) => {
  async function start() {
    const pools = new BackendPools({ connections: { max: 4, idleTimeout: 10_000 }, connectTimeout: 1_000 });
    const forwarder = make(pools);
    const server = await startBackend();
    closeLater(() => forwarder.close());
    const backend = new LiveBackend({ id: 'a', url: server.url, weight: 1, backup: false }, () => {});
    return { forwarder, server, backend };
  }

  it('carries a body that is held whole, without messages of a client', async () => {
    const { forwarder, backend } = await start();
    const { told, observer, body } = recorder();
    const request = {
      ...simple,
      method: 'POST',
      headers: ['Host', 'a', 'Content-Length', '4'],
      body: Buffer.from('held'),
    };
    forwarder.forward(request, backend, observer);
    await eventually(() => told.includes('end'));
    expect(told).toEqual(['sent', 200, 'end']);
    expect(JSON.parse(body()) as Echo).toMatchObject({ method: 'POST', bodyLength: 4 });
  });

  it('sends nothing and tells nothing when it is given up at once', async () => {
    const { forwarder, server, backend } = await start();
    const given = recorder();
    forwarder.forward({ ...simple, path: '/given-up' }, backend, given.observer).abort();
    const next = recorder();
    forwarder.forward({ ...simple, path: '/next' }, backend, next.observer);
    await eventually(() => next.told.includes('end'));
    expect(given.told).toEqual([]);
    expect(server.requests.map(({ url }) => url)).toEqual(['/next']);
  });

  it('tells of a request that cannot be written, and throws nothing', async () => {
    const { forwarder, backend, server } = await start();
    for (const change of [{ path: '/a b' }, { headers: ['Host', 'a', 'X-A', 'line\r\nX-B: 1'] }]) {
      const { told, observer } = recorder();
      forwarder.forward({ ...simple, ...change }, backend, observer);
      await eventually(() => told.length > 0);
      expect(told.at(-1)).toBe('DENIED');
    }
    expect(server.requests).toEqual([]);
  });

  it('counts its connections', async () => {
    const { forwarder, backend } = await start();
    const { told, observer } = recorder();
    expect(forwarder.connections(backend)).toEqual({ active: 0, idle: 0, pending: 0 });
    forwarder.forward(simple, backend, observer);
    await eventually(() => told.includes('end'));
    await eventually(() => expect(forwarder.connections(backend)).toEqual({ active: 0, idle: 1, pending: 0 }));
    await forwarder.close();
  });
});
