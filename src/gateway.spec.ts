import { once } from 'node:events';
import dns from 'node:dns';
import net, { type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { closeLater } from '../test/support/cleanup.js';
import { request } from '../test/support/client.js';
import { buildInProcess } from '../test/support/in-process.js';
import { Gateway } from './gateway.js';

const free = { host: '127.0.0.1', port: 0 };

/** A gateway that answers everything itself and has not been started. `told`: what it logs. */
async function gatewayOf(file: object = {}) {
  const built = await buildInProcess({ routes: [{ respond: {} }], ...file });
  const told = async () => {
    await built.flush();
    return built.logs;
  };
  return { gateway: built.gateway.app.get(Gateway), told };
}

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;
const refused = expect.objectContaining({ code: 'ECONNREFUSED' }) as Error;

/** Keeps the system from telling the address of this name until `release` is called; `asked`: it has been asked for it. */
function holdLookup(held: string) {
  const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const lookup = dns.lookup as (...given: unknown[]) => void;
  const slowly = (name: string, ...rest: unknown[]): void => {
    if (name !== held) return lookup(name, ...rest);
    asked.resolve();
    void released.promise.then(() => lookup('127.0.0.1', ...rest));
  };
  vi.spyOn(dns, 'lookup').mockImplementation(slowly as unknown as typeof dns.lookup);
  onTestFinished(() => void vi.restoreAllMocks());
  return { asked: asked.promise, release: released.resolve };
}

/** A port that another program listens on, until the test ends. */
async function occupiedPort(): Promise<number> {
  const server = net.createServer().listen(free);
  closeLater(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('a gateway that starts', () => {
  it('listens nowhere before', async () => {
    const { gateway } = await gatewayOf();
    expect(() => gateway.adminUrl).toThrow('The admin server does not listen.');
    expect(gateway.listeners.map(({ name, port }) => [name, port])).toEqual([['web', undefined]]);
  });

  it('opens the listener for operators first, so that they see it start', async () => {
    const { asked, release } = holdLookup('slow.test');
    const { gateway } = await gatewayOf({ listeners: [{ host: 'slow.test', port: 0 }] });
    const started = gateway.start();
    await asked;
    expect(await statusOf(`${gateway.adminUrl}/health/ready`)).toBe(503);
    release();
    await started;
    expect(await statusOf(`${gateway.adminUrl}/health/ready`)).toBe(200);
  });

  it('is ready when all its listeners are open, and says where they are', async () => {
    const { gateway, told } = await gatewayOf({ listeners: ['web', 'other'].map(name => ({ name, ...free })) });
    await gateway.start();
    expect(await statusOf(`${gateway.adminUrl}/health/ready`)).toBe(200);
    for (const { port } of gateway.listeners) expect((await request(port!)).status).toBe(200);
    const [web, other] = gateway.listeners.map(({ port }) => `http://127.0.0.1:${port}`);
    const lines = (await told()).filter(({ msg }) => msg === 'listening');
    expect(lines.map(({ listener, url }) => [listener, url])).toEqual([
      ['web', web],
      ['other', other],
      ['admin', gateway.adminUrl],
    ]);
  });

  it('starts once, however often it is asked to', async () => {
    const { gateway, told } = await gatewayOf();
    await Promise.all([gateway.start(), gateway.start()]);
    await gateway.start();
    expect((await told()).filter(({ msg }) => msg === 'listening')).toHaveLength(2);
  });

  it('has an address for operators that a browser takes, also of IPv6', async () => {
    const { gateway } = await gatewayOf({ admin: { host: '::1', port: 0 } });
    await gateway.start();
    expect(gateway.adminUrl).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect(await statusOf(`${gateway.adminUrl}/health/live`)).toBe(200);
  });
});

describe('a gateway that cannot start', () => {
  it('leaves nothing open when a listener has no address, and says the same when it is asked to start again', async () => {
    const listeners = [
      { name: 'web', ...free },
      { name: 'taken', host: '127.0.0.1', port: await occupiedPort() },
    ];
    const { gateway, told } = await gatewayOf({ listeners });
    const taken = /^listener "taken": cannot listen on 127\.0\.0\.1:\d+: another program listens there already;/;
    await expect(gateway.start()).rejects.toThrow(taken);
    await expect(gateway.start()).rejects.toThrow(taken);
    expect(() => gateway.adminUrl).toThrow();
    await expect(request(gateway.listeners[0]!.port!)).rejects.toEqual(refused);
    expect((await told()).filter(({ msg }) => msg === 'listening')).toEqual([]);
  });

  it('opens no listener when that for operators has no address', async () => {
    const { gateway } = await gatewayOf({ admin: { host: '127.0.0.1', port: await occupiedPort() } });
    await expect(gateway.start()).rejects.toThrow(/^admin\.port: cannot listen on 127\.0\.0\.1:\d+: another program/);
    expect(gateway.listeners[0]!.port).toBeUndefined();
  });
});

describe('a gateway that stops', () => {
  it('takes no new connections at once, and shows operators that it ends until all is closed', async () => {
    const backend = net.createServer().listen(free);
    closeLater(() => backend.close());
    await once(backend, 'listening');
    const url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
    const { gateway } = await gatewayOf({ routes: undefined, upstreams: { app: { backends: [url] } } });
    await gateway.start();
    const { adminUrl, listeners } = gateway;
    const { port } = listeners[0]!;
    // What is in flight keeps it from closing.
    const asked = request(port!);
    const [connection] = (await once(backend, 'connection')) as [net.Socket];
    const stopped = gateway.stop();
    expect(await statusOf(`${adminUrl}/health/ready`)).toBe(503);
    await expect(request(port!)).rejects.toEqual(refused);
    expect(await statusOf(`${adminUrl}/health/live`)).toBe(200);
    connection.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect((await asked).status).toBe(200);
    expect(await stopped).toBe(0);
    await expect(request(Number(new URL(adminUrl).port))).rejects.toEqual(refused);
  });

  it('gives each caller who stops it the same answer', async () => {
    const backend = net.createServer().listen(free);
    closeLater(() => backend.close());
    await once(backend, 'listening');
    const url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
    const { gateway, told } = await gatewayOf({ routes: undefined, upstreams: { app: { backends: [url] } } });
    await gateway.start();
    const asked = request(gateway.listeners[0]!.port!);
    await once(backend, 'connection');
    // The first says how long it may take.
    const answers = [gateway.stop(0), gateway.stop(60_000)];
    expect(await Promise.all(answers)).toEqual([1, 1]);
    expect(await gateway.stop()).toBe(1);
    expect((await asked).status).toBe(503);
    expect((await told()).filter(({ msg }) => msg?.startsWith('cut') === true)).toHaveLength(1);
  });

  it('while it starts leaves nothing open, and is never ready', async () => {
    const { asked, release } = holdLookup('slow.test');
    const listeners = [
      { name: 'first', host: 'slow.test', port: 0 },
      { name: 'second', ...free },
    ];
    const { gateway, told } = await gatewayOf({ listeners });
    const started = gateway.start();
    await asked;
    const stopped = gateway.stop(0);
    release();
    expect(await stopped).toBe(0);
    await started;
    expect(() => gateway.adminUrl).toThrow();
    for (const { port } of gateway.listeners) {
      if (port !== undefined) await expect(request(port)).rejects.toEqual(refused);
    }
    expect((await told()).filter(({ msg }) => msg === 'listening')).toEqual([]);
  });

  it('before it has started never listens', async () => {
    const { gateway } = await gatewayOf();
    expect(await gateway.stop()).toBe(0);
    await gateway.start();
    expect(() => gateway.adminUrl).toThrow();
    expect(gateway.listeners[0]!.port).toBeUndefined();
  });
});
