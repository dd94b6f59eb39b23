import type { ThrottlerStorage } from '@nestjs/throttler';
import type { Quota } from './quota.js';
import { blockOf, recordOf, throttlerQuota, type ThrottlerRecord } from './throttler-record.js';

/** In place of a backlog: the request was let through without being counted. */
export const uncounted = -1;

/** In place of a backlog: the request could not be counted, and `onStoreFailure` says that it must be then. */
export const unreachable = Infinity;

/**
 * For each limit the backlog of its cell when the request is counted, in nanoseconds; more than its tolerance means that
 * it does not let the request through, and then no limit has counted it. Or {@link uncounted}, or {@link unreachable}.
 * Holds until the store is asked again: read it at once.
 */
export type Backlogs = readonly number[];

/**
 * Where the requests of rate limits are counted. It is also a storage for `@nestjs/throttler`, in the gateway's application
 * and in anybody's own.
 */
export abstract class LimitStore implements ThrottlerStorage {
  /**
   * Counts a request in several limits at once: in all of them, or, when one of them is exhausted, in none.
   * `subjects`: who it is counted for in each; not kept. Never rejects, and answers without a promise where it can.
   */
  abstract take(quotas: readonly Quota[], subjects: readonly string[]): Backlogs | Promise<Backlogs>;

  /**
   * Counts a hit for `@nestjs/throttler`: `limit` hits in `ttl` milliseconds, refilled evenly rather than by windows. Who asks
   * for more is blocked for `blockDuration` milliseconds, or, at 0, until one more hit has been refilled.
   */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<ThrottlerRecord> {
    const quota = throttlerQuota(limit, ttl);
    const subject = `=${throttlerName} ${key}`;
    const blocks = blockDuration > 0;
    const taken = this.take(blocks ? [quota, blockOf(0)] : [quota], [subject, subject]);
    // What is answered without a promise does not outlive the next question.
    const [backlog = 0, blocked = 0] = taken instanceof Promise ? await taken : taken;
    const record = recordOf(quota, limit, backlog, blocked);
    if (!record.isBlocked || blocked > 0 || !blocks) return record;
    await this.take([blockOf(blockDuration)], [subject]);
    return { ...record, timeToBlockExpire: Math.ceil(blockDuration / 1000) };
  }
}
