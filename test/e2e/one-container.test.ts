import { PassThrough } from 'node:stream';
import {
  type Abstract,
  type BeforeApplicationShutdown,
  type CanActivate,
  Controller,
  type DynamicModule,
  Get,
  Global,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { APP_GUARD, ModulesContainer } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import {
  type Backend,
  buildConfig,
  type CircuitBreaker,
  circuitBreakerToken,
  Gateway,
  GatewayModule,
  InjectCircuitBreaker,
  LimitStore,
  type LoadBalancingStrategy,
  MemoryLimitStore,
  StartError,
  Strategy,
} from '../../src/index.js';
import { streamSink } from '../../src/logging/sink.js';
import { startBackend, type TestBackend } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { request, type RequestOptions, type Response } from '../support/client.js';
import { eventually } from '../support/poll.js';
import { startScripted } from '../support/scripted-backend.js';
import { openWebSocket } from '../support/websocket-client.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';

/** Which backend is the host's favourite: a service of the host. */
@Injectable()
class Favourites {
  index = 1;
}

@Global()
@Module({ providers: [Favourites], exports: [Favourites] })
class FavouritesModule {}

@Strategy('favourite')
class FavouriteFirst implements LoadBalancingStrategy {
  constructor(private readonly favourites: Favourites) {}

  pick(candidates: readonly [Backend, ...Backend[]]): Backend {
    return candidates[this.favourites.index] ?? candidates[0];
  }
}

@Controller()
class Own {
  @Get('hello')
  hello(): string {
    return 'from the application';
  }
}

/** The gateway's module, for a configuration with free ports on loopback. */
function gatewayModule(plain: object): DynamicModule {
  const config = buildConfig({ listeners: [{ host: '127.0.0.1', port: 0 }], admin: { port: 0 }, ...plain });
  return GatewayModule.forRoot({ config, logSink: streamSink(new PassThrough().resume()) });
}

/** A running application with a gateway in it. */
interface Host {
  readonly gateway: Gateway;
  ask(path: string, options?: RequestOptions): Promise<Response>;
  own(path: string): Promise<Response>;
  admin(path: string): Promise<Response>;
  get<T>(token: Abstract<T>): T;
  close(): Promise<void>;
}

const adapters = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() };

async function startHost(
  platform: keyof typeof adapters,
  building: TestingModuleBuilder,
  prepare: (app: { useGlobalGuards(...guards: CanActivate[]): unknown }) => void = () => {},
): Promise<Host> {
  const testing = await building.compile();
  const app = testing.createNestApplication(adapters[platform]());
  prepare(app);
  let ended: Promise<void> | undefined;
  const close = (): Promise<void> => (ended ??= app.close());
  closeLater(close);
  await app.listen(0, '127.0.0.1');
  const own = Number(new URL(await app.getUrl()).port);
  const gateway = app.get(Gateway);
  return {
    gateway,
    ask: (path, options) => request(gateway.listeners[0]!.port!, { path, ...options }),
    own: path => request(own, { path }),
    admin: path => request(Number(new URL(gateway.adminUrl).port), { path }),
    get: token => app.get(token, { strict: false }),
    close,
  };
}

const hosting = (plain: object, metadata: object = {}): TestingModuleBuilder =>
  Test.createTestingModule({ imports: [FavouritesModule, gatewayModule(plain)], controllers: [Own], ...metadata });

const to = (...backends: readonly { readonly url: string }[]) => ({ backends: backends.map(({ url }) => url) });

const statesOf = async (host: Host): Promise<number> => (await host.admin('/health/ready')).status;

describe.each(['Express', 'Fastify'] as const)('a gateway in an application on %s', platform => {
  it('leaves the port of the application to the application', async () => {
    const backend = await startBackend();
    const host = await startHost(platform, hosting({ upstreams: { app: to(backend) } }));
    expect((await host.own('/hello')).text).toBe('from the application');
    for (const path of ['/health', '/metrics', '/routes', '/upstreams', '/']) {
      expect((await host.own(path)).status).toBe(404);
    }
    expect((await host.ask('/hello')).status).toBe(200);
    expect(backend.requests).toHaveLength(1);
    expect((await host.admin('/health')).status).toBe(200);
    expect((await host.admin('/metrics')).text).toContain('gatehouse_requests_total');
  });

  it('uses a strategy of the application, with a service of it injected', async () => {
    const backends = [await startBackend(), await startBackend()];
    const plain = { upstreams: { app: { strategy: 'favourite', ...to(...backends) } } };
    const host = await startHost(platform, hosting(plain, { providers: [FavouriteFirst] }));
    await host.ask('/');
    host.get(Favourites).index = 0;
    await host.ask('/');
    await host.ask('/');
    expect(backends.map(({ requests }) => requests.length)).toEqual([2, 1]);
  });

  it('gives its breakers to providers of the application', async () => {
    @Injectable()
    class Maintenance {
      constructor(@InjectCircuitBreaker('first') readonly breaker: CircuitBreaker) {}
    }
    const backends = [await startBackend(), await startBackend()];
    const [first, second] = backends as [TestBackend, TestBackend];
    const upstreams = { app: { backends: [{ url: first.url, id: 'first' }, second.url] } };
    const host = await startHost(platform, hosting({ upstreams }, { providers: [Maintenance] }));
    host.get(Maintenance).breaker.open();
    for (let i = 0; i < 3; i++) expect((await host.ask('/')).status).toBe(200);
    expect([first.requests.length, second.requests.length]).toEqual([0, 3]);
  });

  it('takes the overrides of a test: of a strategy, of a breaker, of the store of limits', async () => {
    const backends = [await startBackend(), await startBackend()];
    const [first, second] = backends as [TestBackend, TestBackend];
    const entered: string[] = [];
    const breaker = {
      state: 'closed',
      tryEnter: () => entered.push('first'),
      settle: () => {},
      begun: (ticket: number) => ticket,
      on: () => {},
    };
    const store = new MemoryLimitStore();
    const plain = {
      upstreams: { app: { strategy: 'favourite', backends: [{ url: first.url, id: 'first' }, second.url] } },
      security: { rateLimit: { limit: 1, per: '1m' } },
    };
    const building = hosting(plain, { providers: [FavouriteFirst] })
      .overrideProvider(FavouriteFirst)
      .useValue({ pick: (candidates: readonly Backend[]) => candidates[0]! })
      .overrideProvider(circuitBreakerToken('app/first'))
      .useValue(breaker)
      .overrideProvider(LimitStore)
      .useValue(store);
    const host = await startHost(platform, building);
    expect((await host.ask('/')).status).toBe(200);
    expect([first.requests.length, second.requests.length]).toEqual([1, 0]);
    expect(entered).toEqual(['first']);
    expect(host.get(LimitStore)).toBe(store);
    expect((await host.ask('/')).status).toBe(429);
  });

  it('has one instance of each of its modules', async () => {
    const host = await startHost(platform, hosting({ routes: [{ respond: {} }] }));
    const names = [...host.get(ModulesContainer).values()].map(({ name }) => name);
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    expect(twice).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['GatewayModule', 'ProxyModule', 'SecurityModule', 'UpstreamModule']));
  });

  it('fails the start of the application in one line when there are two of them', async () => {
    const others = [gatewayModule({ routes: [{ respond: {} }] }), gatewayModule({ routes: [{ respond: {} }] })];
    const start = startHost(platform, Test.createTestingModule({ imports: others, controllers: [Own] }));
    const error = await start.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).message).toBe(
      'this application has 2 gateways, two of them without a name: give each GatewayModule.forRoot a `name` of its own',
    );
  });

  it('is guarded by the guards of the application, those of `useGlobalGuards` too', async () => {
    const denies = { canActivate: () => false };
    const provided = hosting({ routes: [{ respond: {} }] }, { providers: [{ provide: APP_GUARD, useValue: denies }] });
    const first = await startHost(platform, provided);
    expect((await first.ask('/')).status).toBe(403);
    // Whether the gateway lives is for its own listener to say.
    expect((await first.admin('/health/live')).status).toBe(200);
    const used = hosting({ routes: [{ respond: {} }] });
    const second = await startHost(platform, used, app => app.useGlobalGuards(denies));
    expect((await second.ask('/')).status).toBe(403);
  });

  it('carries WebSockets', async () => {
    const backend = await startWebSocketBackend(socket => socket.on('message', data => socket.send(String(data))));
    const host = await startHost(platform, hosting({ upstreams: { app: to(backend) } }));
    const client = await openWebSocket(host.gateway.listeners[0]!.port!);
    expect(String(await client.ask('echo'))).toBe('echo');
    client.socket.close();
  });

  it('starts after, and ends before, what the application has started', async () => {
    const told: string[] = [];
    let gateway: Gateway | undefined;
    const listening = (): string => (gateway?.listeners[0]?.port === undefined ? 'not yet' : 'listening');
    @Injectable()
    class Life implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
      constructor(it: Gateway) {
        gateway = it;
      }
      onModuleInit(): void {
        told.push(`init, ${listening()}`);
      }
      onApplicationBootstrap(): void {
        told.push(`bootstrap, ${listening()}`);
      }
      beforeApplicationShutdown(): void {
        told.push('before shutdown');
      }
      async onApplicationShutdown(): Promise<void> {
        const { port } = gateway!.listeners[0]!;
        const refused = await request(port!).catch((error: NodeJS.ErrnoException) => error.code);
        told.push(`shutdown, ${String(refused)}`);
      }
    }
    const host = await startHost(platform, hosting({ routes: [{ respond: {} }] }, { providers: [Life] }));
    await host.close();
    expect(told).toEqual(['init, not yet', 'bootstrap, listening', 'before shutdown', 'shutdown, ECONNREFUSED']);
  });

  it('says that it is not ready as soon as the application ends, takes nothing new, and finishes what is under way', async () => {
    const backend = await startScripted('slow', () => {});
    const host = await startHost(platform, hosting({ upstreams: { app: to(backend) } }));
    const { port } = host.gateway.listeners[0]!;
    const adminPort = Number(new URL(host.gateway.adminUrl).port);
    expect(await statesOf(host)).toBe(200);
    const answer = host.ask('/');
    const [call] = await eventually(() => (backend.calls.length > 0 ? backend.calls : false));
    const closed = host.close();
    await eventually(async () => (await statesOf(host)) === 503, { deadline: 300 });
    await expect(request(port!)).rejects.toThrow(/ECONNREFUSED/);
    call!.answer();
    expect((await answer).text).toBe('slow GET /');
    await closed;
    await expect(request(adminPort)).rejects.toThrow(/ECONNREFUSED/);
  });

  it('fails the start of the application in one line when an address cannot be had', async () => {
    const first = await startHost(platform, hosting({ routes: [{ respond: {} }] }));
    const { port } = first.gateway.listeners[0]!;
    const listeners = [{ name: 'web', host: '127.0.0.1', port }];
    const second = startHost(platform, hosting({ listeners, routes: [{ respond: {} }] }));
    await expect(second).rejects.toThrow(/^listener "web": cannot listen on 127.0.0.1:\d+: another program listens/);
  });
});
