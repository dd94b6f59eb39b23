import type { Quota } from './quota.js';
import { blockOf, recordOf, throttlerQuota, type ThrottlerRecord } from './throttler-record.js';

/** In place of a backlog: the request was let through without being counted. */
export const uncounted = -1;

/** In place of a backlog: the request could not be counted, and `onStoreFailure` is `deny`. */
export const unreachable = Infinity;

/**
 * For each limit the backlog of its cell when the request is counted, in nanoseconds; a backlog above the tolerance means that
 * the limit refuses the request, and then no limit has counted it. Or {@link uncounted}, or {@link unreachable}. The array is
 * reused by the next call of the store: read it at once.
 */
export type Backlogs = readonly number[];

/**
 * Where the requests of rate limits are counted. It is also a storage for `@nestjs/throttler`, in the gateway's application and
 * in applications of your own.
 */
export abstract class LimitStore {
  /**
   * Counts a request in several limits at once: in all of them, or, when one of them is exhausted, in none. `subjects`: for
   * each limit the subject for which the request is counted; the array is not kept. Never rejects, and returns a promise only
   * when it must wait.
   */
  abstract take(quotas: readonly Quota[], subjects: readonly string[]): Backlogs | Promise<Backlogs>;

  /** What {@link take} would give now, without counting anything; the array is the caller's. */
  read(quotas: readonly Quota[], subjects: readonly string[]): Backlogs | Promise<Backlogs> {
    const still = quotas.map(({ name, tolerance, onStoreFailure }) => ({
      name,
      tolerance,
      onStoreFailure,
      interval: 0,
    }));
    const found = this.take(still, subjects);
    const counted = (backlogs: Backlogs): Backlogs =>
      backlogs.map((backlog, index) => {
        const { interval, tolerance } = quotas[index]!;
        return backlog === uncounted || backlog === unreachable ? backlog : Math.min(backlog, tolerance) + interval;
      });
    return found instanceof Promise ? found.then(counted) : counted(found);
  }

  /**
   * Counts a hit for `@nestjs/throttler`: `limit` hits in `ttl` milliseconds, refilled evenly rather than by windows. A subject
   * with more hits is blocked for `blockDuration` milliseconds, or, at 0, until one more hit has been refilled.
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
    // Read at once, because the next call of the store reuses the array.
    const [backlog = 0, blocked = 0] = taken instanceof Promise ? await taken : taken;
    const record = recordOf(quota, limit, backlog, blocked);
    if (!record.isBlocked || blocked > 0 || !blocks) return record;
    await this.take([blockOf(blockDuration)], [subject]);
    return { ...record, timeToBlockExpire: Math.ceil(blockDuration / 1000) };
  }
}
