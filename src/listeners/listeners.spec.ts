import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startBackend } from '../../test/support/backend.js';
import { closeLater } from '../../test/support/cleanup.js';
import { connectRaw, request } from '../../test/support/client.js';
import { buildInProcess } from '../../test/support/in-process.js';
import { eventually } from '../../test/support/poll.js';
import { MetricsSources } from '../metrics/metrics-sources.js';
import { Listeners } from './listeners.js';

const free = { host: '127.0.0.1', port: 0 };

/** The listeners of a gateway that answers everything itself; they are closed when the test has finished. */
async function listenersOf(listeners: readonly object[], file: object = { routes: [{ respond: {} }] }) {
  const { gateway } = await buildInProcess({ listeners, ...file });
  return { gateway, sut: gateway.app.get(Listeners, { strict: false }) };
}

describe('the listeners of a gateway', () => {
  it('are opened one after the other, up to the one that cannot be', async () => {
    const server = net.createServer().listen(free);
    closeLater(() => server.close());
    await once(server, 'listening');
    const taken = { ...free, port: (server.address() as AddressInfo).port };
    const { sut } = await listenersOf([
      { name: 'first', ...free },
      { name: 'taken', ...taken },
      { name: 'last', ...free },
    ]);
    await expect(sut.listen()).rejects.toThrow(/^listener "taken": cannot listen on/);
    expect(sut.all.map(({ name, port }) => [name, port !== undefined])).toEqual([
      ['first', true],
      ['taken', false],
      ['last', false],
    ]);
  });

  it('refuse what comes before the gateway is ready for it', async () => {
    const { sut } = await listenersOf([free]);
    await sut.listen();
    const answer = await request(sut.all[0]!.port!);
    expect([answer.status, answer.header('x-gateway-error')]).toEqual([503, 'DRAINING']);
  });

  it('redirect where they are to, upgrades as well, and serve where they are not', async () => {
    const { gateway } = await listenersOf([{ ...free, redirectToHttps: 443 }, free]);
    await gateway.start();
    const [redirects, serves] = gateway.listeners.map(({ port }) => port!);
    const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    for (const headers of [{}, upgrade]) {
      const moved = await request(redirects!, { path: '/a', headers: { Host: 'shop.example', ...headers } });
      expect([moved.status, moved.header('location')]).toEqual([308, 'https://shop.example/a']);
    }
    expect((await request(serves!)).status).toBe(200);
  });

  it('hold a request that a client sends ahead until the one before it is answered', async () => {
    const released = Promise.withResolvers<void>();
    const backend = await startBackend(async ({ url }, response) => {
      if (url === '/first') await released.promise;
      response.end(url);
    });
    const { gateway } = await listenersOf([free], { upstreams: { app: { backends: [backend.url] } } });
    await gateway.start();
    const { port } = gateway.listeners[0]!;
    const client = await connectRaw(port!);
    client.send(['/first', '/second'].map(path => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
    await eventually(() => backend.requests.length === 1);
    // One that comes later on another connection does not wait.
    expect((await request(port!, { path: '/other' })).text).toBe('/other');
    expect(backend.requests.map(({ url }) => url)).toEqual(['/first', '/other']);
    released.resolve();
    expect([(await client.response()).text, (await client.response()).text]).toEqual(['/first', '/second']);
  });

  it('tell how many connections each has', async () => {
    const { gateway } = await listenersOf(['one', 'other'].map(name => ({ name, ...free })));
    await gateway.start();
    const client = await connectRaw(gateway.listeners[0]!.port!);
    const sources = gateway.app.get(MetricsSources, { strict: false });
    const shown = (): [string, number][] => [...sources.listeners()].map(each => [each.listener, each.connections]);
    const holds = (one: number): Promise<void> =>
      eventually(() => expect(Object.fromEntries(shown())).toEqual({ one, other: 0 }));
    await holds(1);
    client.close();
    await holds(0);
  });
});
