import type { ThrottlerStorage } from '@nestjs/throttler';
import { cellOf, second, type Quota } from './quota.js';

/** The record of a key for `@nestjs/throttler`. Times in seconds. */
export type ThrottlerRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** The quota of a throttler: `limit` hits in `ttl` milliseconds; no hit at all at a limit of 0. */
export function throttlerQuota(limit: number, ttl: number): Quota {
  const cell = limit >= 1 ? cellOf(limit, ttl, Math.floor(limit)) : { ...cellOf(1, ttl), tolerance: 0 };
  return { name: 'throttler', onStoreFailure: 'local', ...cell };
}

/**
 * A block as a quota: a cell that one hit moves `duration` milliseconds ahead, to the end of the block. 0: only checks whether
 * there is a block.
 */
export function blockOf(duration: number): Quota {
  const cell = duration === 0 ? { interval: 0, tolerance: 0 } : cellOf(1, duration);
  return { name: 'throttler-block', onStoreFailure: 'local', ...cell };
}

/** `backlog`: of the cell with this hit. `blocked`: the rest of a block. Both in nanoseconds. */
export function recordOf(
  { interval, tolerance }: Quota,
  limit: number,
  backlog: number,
  blocked: number,
): ThrottlerRecord {
  const isBlocked = backlog > tolerance || blocked > 0;
  const held = isBlocked ? backlog - interval : backlog;
  const wait = Math.max(blocked, backlog - tolerance);
  return {
    totalHits: isBlocked ? limit + 1 : limit - Math.floor((tolerance - backlog) / interval),
    timeToExpire: Math.ceil(Math.max(0, held) / second),
    isBlocked,
    timeToBlockExpire: isBlocked ? Math.ceil(wait / second) : 0,
  };
}
