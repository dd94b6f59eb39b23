import { randomUUID } from 'node:crypto';
import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../../config/config.module.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import { newRequestId } from '../../http/request-id.js';
import { ControllerRequest } from '../controllers/controller-request.js';
import { Denied } from '../denied.js';
import type { Policed } from '../policy.js';
import { LimitStore, uncounted, unreachable } from './limit-store.js';
import type { Limit } from './limit.js';
import { RateLimitPolicies } from './rate-limit-policies.js';
import { cannotCount } from './rate-limit-policy.js';
import { recordOf, uncountedRecord, type ThrottlerRecord } from './throttler-record.js';

/** A limit of the configuration as `@nestjs/throttler` takes it: an entry of its `throttlers`. */
export interface ConfiguredThrottler {
  /** `default` for the first limit of the block; the others are called by their keys: `header`, `jwt-2`. */
  readonly name: string;
  /** Requests at once: `burst` of the limit. */
  readonly limit: number;
  /** Milliseconds in which that many are refilled. */
  readonly ttl: number;
  /** 0: a client is refused until one more request has been refilled, and no longer. */
  readonly blockDuration: number;
  /** Gives the subject that is counted, by the `key` of the limit. */
  readonly getTracker: (request: Record<string, unknown>, context: ExecutionContext) => string;
  readonly generateKey: (context: ExecutionContext, tracker: string, name: string) => string;
}

/**
 * The store of rate limits of the gateway, for `@nestjs/throttler`: what its guard and its decorators ask for is counted exactly, in the memory that the
 * threads of the process share or on the Redis server of `rateLimitStore`. Of several gateways in the application it is the one without a name.
 *
 * @example
 * ```ts
 * ThrottlerModule.forRootAsync({
 *   inject: [GatewayThrottlerStorage],
 *   useFactory: (storage: GatewayThrottlerStorage) => ({ throttlers: [{ limit: 100, ttl: 60_000 }], storage }),
 * });
 * ```
 */
@Injectable()
export class GatewayThrottlerStorage {
  /**
   * `security.rateLimit` of the configuration at the start, for `throttlers`: requests to handlers behind a `ThrottlerGuard` are counted together with those of the routes
   * that inherit this block. Empty where it has none. Where `@Throttle` says something else, that handler is counted for itself.
   */
  readonly throttlers: ConfiguredThrottler[];
  readonly #limits: ReadonlyMap<string, Limit>;
  /** Begins the keys that are made here: no key of an application is taken for one. */
  readonly #mark = randomUUID();

  constructor(
    private readonly store: LimitStore,
    policies: RateLimitPolicies,
    @Inject(GATEWAY_CONFIG) { security }: GatewayConfig,
  ) {
    const settings = security.rateLimit ?? [];
    const limits = policies.inherited(settings);
    const names = limits.map(({ title }, index) => (index === 0 ? 'default' : title));
    this.#limits = new Map(limits.map((limit, index) => [names[index]!, limit]));
    this.throttlers = limits.map((limit, index) => ({
      name: names[index]!,
      ...timesOf(limit),
      blockDuration: 0,
      getTracker: (request, context) => limit.subject(policed(request, context)),
      generateKey: (context, tracker) =>
        `${this.#mark}${context.getClass().name}.${context.getHandler().name} ${tracker}`,
    }));
  }

  /**
   * Counts a hit, as the guard of `@nestjs/throttler` asks. `ttl`, `blockDuration`: in milliseconds. Rejects with an HttpException of 503 where a limit of the configuration cannot be
   * counted and its `onStoreFailure` is `deny`.
   */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<ThrottlerRecord> {
    const configured = key.startsWith(this.#mark) ? this.#limits.get(throttlerName) : undefined;
    if (configured === undefined) return this.store.increment(key, ttl, limit, blockDuration, throttlerName);
    const own = key.slice(this.#mark.length);
    const times = timesOf(configured);
    if (limit !== times.limit || ttl !== times.ttl)
      return this.store.increment(own, ttl, limit, blockDuration, throttlerName);
    const taken = this.store.take([configured], [own.slice(own.indexOf(' ') + 1)]);
    // Read at once, because the next call of the store reuses the array.
    const [backlog = 0] = taken instanceof Promise ? await taken : taken;
    if (backlog === unreachable) throw new Denied(cannotCount, newRequestId());
    return backlog === uncounted ? uncountedRecord : recordOf(configured, limit, backlog, 0);
  }
}

function timesOf({ interval, tolerance }: Limit): { readonly limit: number; readonly ttl: number } {
  return { limit: Math.floor(tolerance / interval), ttl: tolerance / 1e6 };
}

function policed(request: { readonly exchange?: Policed }, context: ExecutionContext): Policed | ControllerRequest {
  return request.exchange ?? ControllerRequest.of(request, context.switchToHttp().getResponse<object>());
}
