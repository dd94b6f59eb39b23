import type { Redis } from 'ioredis';

/**
 * Bytes that have come on the connection of a Redis client; 0 while there is none.
 *
 * Uses `stream` of ioredis 6, which has a type and is left out of its documentation. In public a client says nothing of an answer before it is
 * whole, and gathers one that has no end until memory has run out.
 */
export function bytesReadBy(redis: Redis): number {
  // Typed as if it were always there.
  const stream = redis.stream as Redis['stream'] | undefined;
  return stream?.bytesRead ?? 0;
}
