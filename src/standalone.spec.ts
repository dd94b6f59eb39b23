import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { Injectable, type DynamicModule } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../test/support/cleanup.js';
import { request } from '../test/support/client.js';
import { buildInProcess } from '../test/support/in-process.js';
import { StartError } from './listeners/start-error.js';
import type { StandaloneGateway } from './standalone.js';

const free = { host: '127.0.0.1', port: 0 };

/** Builds a gateway that answers everything itself. */
async function standalone(file: object = {}, ...imports: DynamicModule[]): Promise<StandaloneGateway> {
  return (await buildInProcess({ routes: [{ respond: {} }], ...file }, { imports })).gateway;
}

/** A module of an application: `told` is what Nest tells it, with what a client of `port` gets at that time. */
function witness(init: () => void = () => {}, end: () => void = () => {}) {
  const told: string[] = [];
  const client: { port: number | undefined } = { port: undefined };
  const tell = async (hook: string): Promise<void> => {
    const seen = client.port && (await request(client.port).then(String, () => 'refused'));
    told.push(seen === undefined ? hook : `${hook}: ${seen}`);
    end();
  };
  @Injectable()
  class Witness {
    onModuleInit = init;
    onModuleDestroy = (): Promise<void> => tell('destroy');
    beforeApplicationShutdown = (): void => void told.push('before shutdown');
    onApplicationShutdown = (): Promise<void> => tell('shutdown');
  }
  class Own {}
  return { module: { module: Own, providers: [Witness] }, told, client };
}

describe('a gateway with an application of its own', () => {
  it('listens when it is started, and not before', async () => {
    const gateway = await standalone();
    expect(gateway.listeners.map(({ port }) => port)).toEqual([undefined]);
    expect(() => gateway.adminUrl).toThrow();
    await gateway.start();
    expect((await request(gateway.listeners[0]!.port!)).status).toBe(200);
    expect((await fetch(`${gateway.adminUrl}/health/ready`)).status).toBe(200);
  });

  it('gives the policies that a security block asks for', async () => {
    const gateway = await standalone();
    expect(await gateway.policies({ ipFilter: { allow: ['10.0.0.0/8'] } })).toHaveLength(1);
    await expect(gateway.policies({ ipFilter: { allow: ['nonsense'] } })).rejects.toThrow('nonsense');
  });

  it('closes its listeners before it ends the application, once, with one answer', async () => {
    const { module, told, client } = witness();
    const gateway = await standalone({}, module);
    await gateway.start();
    client.port = gateway.listeners[0]!.port;
    expect(await Promise.all([gateway.stop(), gateway.stop(0)])).toEqual([0, 0]);
    expect(await gateway.stop()).toBe(0);
    expect(told).toEqual(['destroy: refused', 'before shutdown', 'shutdown: refused']);
  });

  it('ends with its application, too', async () => {
    const gateway = await standalone();
    await gateway.start();
    const { port } = gateway.listeners[0]!;
    await gateway.app.close();
    await expect(request(port!)).rejects.toThrow('ECONNREFUSED');
    expect(await gateway.stop()).toBe(0);
  });

  it('that cannot listen rejects with the reason, and ends the application', async () => {
    const server = net.createServer().listen(free);
    closeLater(() => server.close());
    await once(server, 'listening');
    const { module, told } = witness();
    const taken = { ...free, port: (server.address() as AddressInfo).port };
    const gateway = await standalone({ listeners: [taken] }, module);
    await expect(gateway.start()).rejects.toBeInstanceOf(StartError);
    expect(told).toEqual(['destroy', 'before shutdown', 'shutdown']);
  });
});

describe('a gateway that cannot be made', () => {
  it('ends what has begun in the order of Nest, also where something cannot end, and tells the first reason', async () => {
    const first = witness(undefined, () => {
      throw new Error('cannot end');
    });
    const second = witness();
    const failing = witness(() => {
      throw new Error('no connection to the store');
    });
    const made = standalone({}, first.module, second.module, failing.module);
    await expect(made).rejects.toThrow('no connection to the store');
    const all = ['destroy', 'before shutdown', 'shutdown'];
    expect([first.told, second.told, failing.told]).toEqual([all, all, all]);
  });

  it('says in one line which name of the configuration nothing has', async () => {
    const upstreams = { app: { backends: ['http://127.0.0.1:9'], strategy: 'fastest' } };
    await expect(standalone({ routes: undefined, upstreams })).rejects.toThrow(
      /^upstreams\.app\.strategy: no strategy is named "fastest", known are .*$/,
    );
  });
});
