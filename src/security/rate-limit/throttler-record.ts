import { cellOf, second, type Quota } from './quota.js';

/** The record of a key as `@nestjs/throttler` reads it: its `ThrottlerStorageRecord`, told here because it is installed only where it is used. */
export interface ThrottlerRecord {
  /** Hits that count, this one among them; one more than the limit when it is refused. */
  readonly totalHits: number;
  /** Seconds until none of them counts. */
  readonly timeToExpire: number;
  /** Whether the hit is refused. */
  readonly isBlocked: boolean;
  /** Seconds until a hit is let through again; 0 when this one is. */
  readonly timeToBlockExpire: number;
}

/** Of a hit that was let through without being counted. */
export const uncountedRecord: ThrottlerRecord = {
  totalHits: 0,
  timeToExpire: 0,
  isBlocked: false,
  timeToBlockExpire: 0,
};

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
