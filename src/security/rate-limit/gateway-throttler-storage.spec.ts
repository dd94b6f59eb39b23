import type { ThrottlerModuleOptions, ThrottlerStorage } from '@nestjs/throttler';
import { HttpException, type ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { buildConfig } from '../../config/loading/load-config.js';
import { SketchedRequest } from '../testing.js';
import { GatewayThrottlerStorage } from './gateway-throttler-storage.js';
import { type Backlogs, LimitStore, uncounted, unreachable } from './limit-store.js';
import { MemoryLimitStore } from './memory-limit-store.js';
import type { Quota } from './quota.js';
import { RateLimitPolicies } from './rate-limit-policies.js';

const rateLimit = [
  { limit: 2, per: '1m', key: 'header:x-key', onStoreFailure: 'deny' },
  { limit: 60, per: '1m', burst: 5, key: 'jwt:sub' },
] as const;

class Shop {
  orders(): void {}
}

/** The context of a handler for something that passes through the gateway. */
const context = { getClass: () => Shop, getHandler: () => Shop.prototype.orders } as unknown as ExecutionContext;

/** A store that gives what the test says. */
class Telling extends LimitStore {
  readonly asked: [quota: string, subject: string][] = [];

  constructor(private readonly backlogs: Backlogs) {
    super();
  }

  take(quotas: readonly Quota[], subjects: readonly string[]): Backlogs {
    this.asked.push(...quotas.map(({ name }, index): [string, string] => [name, subjects[index]!]));
    return this.backlogs;
  }
}

function scene(store: LimitStore, security: object = { rateLimit }) {
  const config = buildConfig({ routes: [{ respond: {} }], security });
  const storage = new GatewayThrottlerStorage(store, new RateLimitPolicies(store), config);
  const hit = (index: number, request: SketchedRequest) => {
    const { blockDuration, generateKey, getTracker, limit, name, ttl } = storage.throttlers[index]!;
    const tracker = getTracker({ exchange: request }, context);
    return storage.increment(generateKey(context, tracker, name), ttl, limit, blockDuration, name);
  };
  return { hit, storage };
}

describe('GatewayThrottlerStorage', () => {
  it('is what @nestjs/throttler takes for a storage, and its throttlers are throttlers', () => {
    const { storage } = scene(new MemoryLimitStore());
    const options: ThrottlerModuleOptions = {
      storage: storage satisfies ThrottlerStorage,
      throttlers: storage.throttlers,
    };
    expect(options.throttlers).toHaveLength(2);
  });

  it('has the limits of the configuration as throttlers, the first of them as the default one', () => {
    const { storage } = scene(new MemoryLimitStore());
    expect(storage.throttlers.map(({ blockDuration, limit, name, ttl }) => [name, limit, ttl, blockDuration])).toEqual([
      ['default', 2, 60_000, 0],
      ['jwt', 5, 5_000, 0],
    ]);
    expect(scene(new MemoryLimitStore(), {}).storage.throttlers).toEqual([]);
  });

  it('counts by the key of a limit, in the cell of the routes that inherit it', async () => {
    const store = new Telling([0]);
    const { hit } = scene(store);
    const request = new SketchedRequest({ fields: ['X-Key', 'a b'] });
    request.identity = { scheme: 'jwt', subject: 'ann', claims: { sub: 'ann' } };
    await hit(0, request);
    await hit(1, request);
    expect(store.asked).toEqual([
      ['security 2/60000ms+2 header:x-key/64', '=a b'],
      ['security 60/60000ms+5 jwt:sub/64', '=ann'],
    ]);
  });

  it('counts what an application asks for itself apart, also under a key that looks like one of the configuration', async () => {
    const { hit, storage } = scene(new MemoryLimitStore());
    const request = new SketchedRequest({ fields: ['X-Key', 'a'] });
    expect(await storage.increment('Shop.orders =a', 60_000, 1, 0, 'default')).toMatchObject({ isBlocked: false });
    expect(await storage.increment('Shop.orders =a', 60_000, 1, 0, 'default')).toMatchObject({ isBlocked: true });
    const hits = [await hit(0, request), await hit(0, request), await hit(0, request)];
    expect(hits.map(({ isBlocked, totalHits }) => [isBlocked, totalHits])).toEqual([
      [false, 1],
      [false, 2],
      [true, 3],
    ]);
  });

  it('answers 503 where a limit cannot be counted and must be, and lets pass what need not be counted', async () => {
    const request = new SketchedRequest({ fields: ['X-Key', 'a'] });
    const refused = await scene(new Telling([unreachable]))
      .hit(0, request)
      .catch((reason: unknown) => reason);
    expect(refused).toBeInstanceOf(HttpException);
    expect((refused as HttpException).getStatus()).toBe(503);
    expect((refused as HttpException).getResponse()).toMatchObject({ type: 'urn:gatehouse:error:LIMIT_UNAVAILABLE' });
    expect(await scene(new Telling([uncounted])).hit(0, request)).toEqual({
      totalHits: 0,
      timeToExpire: 0,
      isBlocked: false,
      timeToBlockExpire: 0,
    });
  });
});
