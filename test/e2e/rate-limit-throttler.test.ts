import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Controller, type DynamicModule, Get, Global, Module, type Provider, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  SkipThrottle,
  Throttle,
  ThrottlerGuard,
  ThrottlerModule,
  type ThrottlerModuleOptions,
  type ThrottlerOptions,
} from '@nestjs/throttler';
import { describe, expect, it } from 'vitest';
import {
  CellTable,
  Gateway,
  GatewayThrottlerStorage,
  MemoryLimitStore,
  RATE_LIMIT_MEMORY,
  RedisLimitStore,
} from '../../src/index.js';
import { closeLater } from '../support/cleanup.js';
import { request, type Response } from '../support/client.js';
import { hostedGateway, type Platform, platforms, startHostApp } from '../support/host-app.js';
import { startInProcess } from '../support/in-process.js';
import { startRedis } from '../support/redis.js';
import { requireBuild } from '../support/build.js';

@Controller()
@UseGuards(ThrottlerGuard)
class ShopController {
  @Get('orders')
  orders(): string {
    return 'orders';
  }

  @Get('login')
  @Throttle({ default: { limit: 1, ttl: 60_000, blockDuration: 120_000 } })
  login(): string {
    return 'login';
  }

  @Get('free')
  @SkipThrottle()
  free(): string {
    return 'free';
  }
}

/** The module of `@nestjs/throttler`, counting in the store of the gateway. */
const throttling = (throttlers: (storage: GatewayThrottlerStorage) => ThrottlerOptions[]): DynamicModule =>
  ThrottlerModule.forRootAsync({
    inject: [GatewayThrottlerStorage],
    useFactory: (storage: GatewayThrottlerStorage): ThrottlerModuleOptions => ({
      throttlers: throttlers(storage),
      storage,
    }),
  });

type Ask = (path: string, headers?: Record<string, string>) => Promise<Response>;

/** An application of a user with the guard of `@nestjs/throttler`: its handlers, and what passes through the gateway in it. */
interface Shop {
  readonly ask: Ask;
  readonly through: Ask;
}

async function startShop(
  platform: Platform,
  gateway: object = {},
  throttlers: (storage: GatewayThrottlerStorage) => ThrottlerOptions[] = () => [{ limit: 3, ttl: 60_000 }],
  more: { readonly imports?: readonly DynamicModule[]; readonly providers?: readonly Provider[] } = {},
): Promise<Shop> {
  const { app, port } = await startHostApp(platform, {
    imports: [hostedGateway(gateway), throttling(throttlers), ...(more.imports ?? [])],
    controllers: [ShopController],
    providers: [...(more.providers ?? [])],
  });
  const listener = app.get(Gateway).listeners[0]!.port!;
  return {
    ask: (path, headers = {}) => request(port, { path, headers }),
    through: (path, headers = {}) => request(listener, { path, headers }),
  };
}

async function expectThrottled(ask: Ask): Promise<void> {
  const orders = [await ask('/orders'), await ask('/orders'), await ask('/orders'), await ask('/orders')];
  expect(orders.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect(orders.map(response => response.header('x-ratelimit-remaining'))).toEqual(['2', '1', '0', undefined]);
  expect(orders[0]?.header('x-ratelimit-reset')).toBe('20');
  expect(orders[3]?.header('retry-after')).toMatch(/^(60|5\d)$/);
  expect((await ask('/login')).status).toBe(200);
  expect((await ask('/login')).header('retry-after')).toBe('120');
  expect((await ask('/login')).header('retry-after')).toMatch(/^1(20|1\d)$/);
  for (let i = 0; i < 5; i++) expect((await ask('/free')).status).toBe(200);
  expect((await ask('/orders', { 'x-forwarded-for': '203.0.113.9' })).status).toBe(200);
}

/** Gives a gateway the memory in which it counts. */
function memoryModule(memory: SharedArrayBuffer): DynamicModule {
  @Global()
  @Module({})
  class MemoryModule {}
  const providers = [{ provide: RATE_LIMIT_MEMORY, useValue: memory }];
  return { module: MemoryModule, providers, exports: [RATE_LIMIT_MEMORY] };
}

const statuses = async (...asked: Promise<Response>[]): Promise<number[]> =>
  (await Promise.all(asked)).map(({ status }) => status);

describe.each(platforms)("an application's own ThrottlerGuard on %s", platform => {
  it('counts in the memory of the gateway', async () => {
    await expectThrottled((await startShop(platform)).ask);
  });

  it('counts on the Redis server of the gateway, for all who use it, and locally while that is away', async () => {
    const redis = await startRedis();
    const gateway = { rateLimitStore: { redis: redis.url } };
    await expectThrottled((await startShop(platform, gateway)).ask);
    const other = await startShop(platform, gateway);
    expect((await other.ask('/orders')).status).toBe(429);
    await redis.kill();
    await expectThrottled((await startShop(platform, gateway)).ask);
  });

  it('takes the limits of the configuration, together with the routes of the gateway', async () => {
    const rateLimit = [
      { limit: 2, per: '1m', key: 'header:x-key' },
      { limit: 4, per: '1m', burst: 6, key: 'global' },
    ];
    const shop = await startShop(platform, { security: { rateLimit } }, storage => storage.throttlers);
    const a = { 'x-key': 'a' };
    const first = await shop.ask('/orders', a);
    expect(first.header('x-ratelimit-remaining')).toBe('1');
    expect(first.header('x-ratelimit-remaining-global')).toBe('5');
    expect((await shop.through('/', a)).header('ratelimit')).toContain('r=0');
    const refused = await shop.ask('/orders', a);
    expect([refused.status, refused.header('retry-after')]).toEqual([429, '30']);
    expect((await shop.through('/', a)).status).toBe(429);
    // What @Throttle says holds for the handler alone; @SkipThrottle skips the first.
    expect(await statuses(shop.ask('/login', { 'x-key': 'b' }))).toEqual([200]);
    expect(await statuses(shop.ask('/login', { 'x-key': 'b' }))).toEqual([429]);
    expect(await statuses(shop.through('/', { 'x-key': 'b' }))).toEqual([200]);
    expect(await statuses(shop.ask('/free', a), shop.ask('/free', a), shop.ask('/free', a))).toContain(200);
  });

  it('holds for what passes through the gateway as well, where it is the application’s', async () => {
    const guard = { provide: APP_GUARD, useClass: ThrottlerGuard };
    const { through } = await startShop(platform, {}, () => [{ limit: 2, ttl: 60_000 }], { providers: [guard] });
    expect(await statuses(through('/'), through('/'))).toEqual([200, 200]);
    const refused = await through('/');
    expect([refused.status, refused.header('retry-after'), refused.header('x-gateway-error')]).toEqual([
      429,
      '60',
      'DENIED',
    ]);
    expect((await through('/', { 'x-forwarded-for': '203.0.113.9' })).status).toBe(429);
  });
});

it('the guard of @nestjs/throttler counts exactly where threads share the memory of the gateway', async () => {
  requireBuild();
  const memory = CellTable.allocate();
  const limit = 25;
  const worker = new Worker(new URL('../support/throttled-thread.mjs', import.meta.url), {
    workerData: { limit, memory },
    stdout: true,
  });
  closeLater(() => worker.terminate());
  const here = await startShop('Express', {}, () => [{ limit, ttl: 3_600_000 }], { imports: [memoryModule(memory)] });
  const [{ port }] = (await once(worker, 'message')) as [{ port: number }];
  const asked = Array.from({ length: 60 }, (_, index) =>
    index % 2 === 0 ? here.ask('/orders') : request(port, { path: '/orders' }),
  );
  const answers = await statuses(...asked);
  expect(answers.filter(status => status === 200)).toHaveLength(limit);
  expect(answers.filter(status => status === 429)).toHaveLength(60 - limit);
});

describe('the guard of @nestjs/throttler', () => {
  it('holds for a gateway without an application around it', async () => {
    @Module({
      imports: [throttling(() => [{ limit: 1, ttl: 60_000 }])],
      providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
    })
    class Limits {}
    const gateway = await startInProcess({ routes: [{ respond: {} }] }, { imports: [Limits] });
    expect(await statuses(request(gateway.port))).toEqual([200]);
    expect(await statuses(request(gateway.port))).toEqual([429]);
  });

  it.each([
    ['memory', async () => new MemoryLimitStore()],
    ['Redis', async () => new RedisLimitStore({ redis: (await startRedis()).url })],
  ])('counts in a store of the gateway in %s without a gateway', async (_, make) => {
    const storage = await make();
    const { port } = await startHostApp('Express', {
      imports: [ThrottlerModule.forRoot({ throttlers: [{ limit: 3, ttl: 60_000 }], storage })],
      controllers: [ShopController],
    });
    await expectThrottled((path, headers = {}) => request(port, { path, headers }));
  });
});
