import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable, Module } from '@nestjs/common';
import { IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { CircuitBreakers, Discovery, type BackendDiscovery, type FoundBackend } from '../../src/index.js';
import { request } from '../support/client.js';
import { startDns } from '../support/dns-server.js';
import { answersFromNow, backendsAre, foundAt } from '../support/found-scene.js';
import { startInProcess } from '../support/in-process.js';
import { errorsOf, startLoad } from '../support/load.js';
import { eventually } from '../support/poll.js';
import { runCli, startGateway } from '../support/program.js';
import { expectAtRest } from '../support/scene.js';
import { startScripted } from '../support/scripted-backend.js';
import { tempFolder } from '../support/temp.js';

/** A registry of services that the application has. */
@Injectable()
class Registry {
  readonly #watchers = new Map<string, Set<(urls: readonly string[]) => void>>();
  readonly #urls = new Map<string, readonly string[]>();

  set(service: string, urls: readonly string[]): void {
    this.#urls.set(service, urls);
    for (const watcher of this.#watchers.get(service) ?? []) watcher(urls);
  }

  /** Those that watch a service now. */
  watchers(service: string): number {
    return this.#watchers.get(service)?.size ?? 0;
  }

  watch(service: string, watcher: (urls: readonly string[]) => void, signal: AbortSignal): void {
    const watchers = this.#watchers.get(service) ?? new Set();
    this.#watchers.set(service, watchers.add(watcher));
    signal.addEventListener('abort', () => watchers.delete(watcher));
    watcher(this.#urls.get(service) ?? []);
  }
}

class RegistryOptions {
  @IsString()
  service = '';
}

@Discovery('registry', { options: RegistryOptions })
class RegistryDiscovery implements BackendDiscovery {
  #service = '';

  constructor(private readonly registry: Registry) {}

  configure({ service }: RegistryOptions): void {
    this.#service = service;
  }

  watch(publish: (backends: readonly FoundBackend[]) => void, signal: AbortSignal): void {
    this.registry.watch(this.#service, urls => publish(urls.map(url => ({ url }))), signal);
  }
}

@Module({ providers: [Registry, RegistryDiscovery] })
class RegistryModule {}

const inRegistry = (service: string, upstream: object = {}): object => ({
  upstreams: { app: { discovery: { name: 'registry', service }, ...upstream } },
});

/** A gateway whose backends stand in a registry. */
async function startWithRegistry(config: object = inRegistry('orders')) {
  const gateway = await startInProcess(config, { imports: [RegistryModule] });
  return { gateway, registry: gateway.gateway.app.get(Registry, { strict: false }) };
}

describe('a discovery of the application', () => {
  it('gives an upstream its backends, with what it has injected', async () => {
    const [a, b] = [await startScripted('a'), await startScripted('b')];
    const { gateway, registry } = await startWithRegistry();
    expect((await request(gateway.port)).status).toBe(503);
    registry.set('orders', [a.url]);
    expect((await request(gateway.port)).text).toBe('a GET /');
    const load = startLoad(gateway.port, { connections: 4 });
    await answersFromNow(load, 50);
    registry.set('orders', [b.url]);
    const later = await answersFromNow(load, 50);
    await load.stop();
    expect([errorsOf(load.answers), later.at(-1)?.backend]).toEqual([{}, 'b']);
    expect(gateway.gateway.app.get(CircuitBreakers).get(b.id).state).toBe('closed');
    await gateway.stop();
    expect(registry.watchers('orders')).toBe(0);
  });

  it('may bring back a backend that still has a request of before, with a fresh circuit', async () => {
    const a = await startScripted('a', call => call.url !== '/slow' && call.answer());
    const { gateway, registry } = await startWithRegistry();
    registry.set('orders', [a.url]);
    void request(gateway.port, { path: '/slow' }).catch(() => {});
    await eventually(() => a.calls.length === 1);
    const breakers = gateway.gateway.app.get(CircuitBreakers);
    expect((await request(gateway.port)).status).toBe(200);
    breakers.get(a.id).open();
    expect((await request(gateway.port)).status).toBe(503);
    registry.set('orders', []);
    registry.set('orders', [a.url]);
    expect(breakers.get(a.id).state).toBe('closed');
    expect((await request(gateway.port)).text).toBe('a GET /');
    expect(await gateway.metric('gatehouse_backend_in_flight', { backend: a.id })).toBe(1);
  });

  it('that publishes what cannot be used disturbs nothing', async () => {
    const a = await startScripted('a');
    const { gateway, registry } = await startWithRegistry();
    registry.set('orders', [a.url]);
    for (const rubbish of [['nonsense'], [a.url, a.url], Array.from({ length: 100_000 }, (_, n) => `http://a:${n}`)])
      registry.set('orders', rubbish);
    await gateway.waitForLog(({ reason }) => String(reason).startsWith('[0].url: found "nonsense"'));
    expect(await gateway.metric('gatehouse_discovery_failures_total', { upstream: 'app' })).toBe(3);
    expect((await request(gateway.port)).text).toBe('a GET /');
  });

  it('goes on, ends or begins with the configuration', async () => {
    const [a, b, fix] = [await startScripted('a'), await startScripted('b'), await startScripted('fix')];
    const { gateway, registry } = await startWithRegistry();
    const load = startLoad(gateway.port, { connections: 4, path: () => '/load' });
    registry.set('orders', [a.url]);
    registry.set('users', [b.url]);
    await eventually(() => load.answers.at(-1)?.backend === 'a');
    const first = load.answers.length;
    await gateway.apply(inRegistry('orders', { timeouts: { response: '8s' } }));
    expect(registry.watchers('orders')).toBe(1);
    await gateway.apply(inRegistry('users'));
    expect([registry.watchers('orders'), registry.watchers('users')]).toEqual([0, 1]);
    await eventually(() => load.answers.at(-1)?.backend === 'b');
    await gateway.apply({ upstreams: { app: { backends: [fix.url] } } });
    expect(registry.watchers('users')).toBe(0);
    await eventually(() => load.answers.at(-1)?.backend === 'fix');
    const { changes } = await gateway.apply(inRegistry('orders', { backends: [fix.url] }));
    expect(changes).toContainEqual(expect.stringContaining('discovery'));
    await backendsAre(gateway, [fix.id, a.id]);
    await load.stop();
    expect(errorsOf(load.answers.slice(first))).toEqual({});
    await expectAtRest(gateway);
  });

  it('keeps what was found until the one that takes its place finds something', async () => {
    const a = await startScripted('a');
    const dns = await startDns();
    dns.behaviour = 'SERVFAIL';
    const { gateway, registry } = await startWithRegistry();
    registry.set('orders', [a.url]);
    await gateway.apply(foundAt(dns, { port: a.port }));
    await gateway.waitForLog(({ msg }) => msg?.startsWith('discovery fails') === true);
    expect((await request(gateway.port)).text).toBe('a GET /');
    dns.host('orders.test', ['127.0.0.2']);
    dns.behaviour = 'records';
    await backendsAre(gateway, [`127.0.0.2:${a.port}`]);
  });

  it('that the application does not have stops the start', async () => {
    await expect(startInProcess(inRegistry('orders'))).rejects.toThrow(
      'upstreams.app.discovery: no discovery is named "registry", known are dns, file',
    );
  });
});

describe('a file of backends', () => {
  it('is followed by the program as it changes, and one that is broken is not', async () => {
    const [a, b] = [await startScripted('a'), await startScripted('b')];
    const folder = await tempFolder();
    const file = join(folder, 'backends.yaml');
    const save = (text: string): void => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    };
    save(`- ${a.url}\n`);
    const gateway = await startGateway('upstreams: { app: { discovery: { file: backends.yaml } } }', { cwd: folder });
    const load = startLoad(gateway.port, { connections: 4, rate: 200 });
    await answersFromNow(load, 20);
    save(`- { url: ${b.url}, weight: many }\n`);
    const told = await gateway.waitForLog(({ msg }) => msg?.startsWith('discovery fails') === true);
    expect(told).toMatchObject({
      upstream: 'app',
      reason: 'backends.yaml:1:42 [0].weight: found "many", expected a whole number from 1 to 1000',
    });
    save(`- { url: ${b.url}, weight: 2 }\n`);
    await eventually(() => load.answers.at(-1)?.backend === 'b');
    await load.stop();
    expect(errorsOf(load.answers)).toEqual({});
    expect(gateway.logs().filter(({ msg }) => msg === 'configuration changed')).toEqual([]);
    const printed = await runCli(['print', gateway.configFile!]);
    expect(printed.stdout).toContain(`discovery:\n      file: ${file}\n`);
    expect((await gateway.stop()).code).toBe(0);
  });
});
