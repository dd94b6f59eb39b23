import { Controller, Get, Module, UseGuards, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SkipThrottle, Throttle, ThrottlerGuard, ThrottlerModule, ThrottlerStorage } from '@nestjs/throttler';
import { describe, expect, it } from 'vitest';
import { LimitStore } from '../../src/security/rate-limit/limit-store.js';
import { MemoryLimitStore } from '../../src/security/rate-limit/memory-limit-store.js';
import { RedisLimitStore } from '../../src/security/rate-limit/redis-limit-store.js';
import { CellTable } from '../../src/shared-memory/cell-table.js';
import { startBackend } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { request, type Response } from '../support/client.js';
import { startInProcess } from '../support/in-process.js';
import { startRedis } from '../support/redis.js';
import { requireTool } from '../support/require-tool.js';

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

/** An application of a user, with the guard of `@nestjs/throttler` and our storage. */
async function startShop(storage: LimitStore): Promise<(path: string) => Promise<Response>> {
  @Module({
    imports: [ThrottlerModule.forRoot({ throttlers: [{ limit: 3, ttl: 60_000 }], storage })],
    controllers: [ShopController],
  })
  class ShopModule {}

  const app: INestApplication = await NestFactory.create(ShopModule, new FastifyAdapter(), { logger: false });
  closeLater(() => app.close());
  await app.listen(0, '127.0.0.1');
  const port = Number(new URL(await app.getUrl()).port);
  return path => request(port, { path });
}

async function expectThrottled(ask: (path: string) => Promise<Response>): Promise<void> {
  const orders = [await ask('/orders'), await ask('/orders'), await ask('/orders'), await ask('/orders')];
  expect(orders.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect(orders.map(response => response.header('x-ratelimit-remaining'))).toEqual(['2', '1', '0', undefined]);
  expect(orders[0]?.header('x-ratelimit-reset')).toBe('20');
  expect(orders[3]?.header('retry-after')).toMatch(/^(60|5\d)$/);
  expect((await ask('/login')).status).toBe(200);
  expect((await ask('/login')).header('retry-after')).toBe('120');
  expect((await ask('/login')).header('retry-after')).toMatch(/^1(20|1\d)$/);
  for (let i = 0; i < 5; i++) expect((await ask('/free')).status).toBe(200);
}

describe("an application's own ThrottlerGuard", () => {
  it('counts in our memory', async () => {
    await expectThrottled(await startShop(new MemoryLimitStore()));
  });

  it('shares its counts with another application on the same memory', async () => {
    const memory = CellTable.allocate();
    const one = await startShop(new MemoryLimitStore(new CellTable(memory)));
    const other = await startShop(new MemoryLimitStore(new CellTable(memory)));
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await one('/orders')).status, (await other('/orders')).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429]);
  });

  describe('on a Redis server', () => {
    requireTool('redis-server');

    it('counts there, for all who use it', async () => {
      const redis = await startRedis();
      const one = await startShop(new RedisLimitStore({ redis: redis.url }));
      await expectThrottled(one);
      const other = await startShop(new RedisLimitStore({ redis: redis.url }));
      expect((await other('/orders')).status).toBe(429);
    });

    it('counts locally while the server is away', async () => {
      const redis = await startRedis();
      await redis.kill();
      await expectThrottled(await startShop(new RedisLimitStore({ redis: redis.url })));
    });
  });

  it('finds the store of the gateway inside its application', async () => {
    const backend = await startBackend();
    const gateway = await startInProcess({ upstreams: { app: { backends: [backend.url] } } });
    const { app } = gateway.gateway;
    expect(app.get<unknown>(ThrottlerStorage, { strict: false })).toBe(app.get(LimitStore, { strict: false }));
  });
});
