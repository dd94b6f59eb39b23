import type { Costs } from '#bench/model/sizing';

/**
 * What things cost, as measured by `node bench/capacity.ts` (requests, messages and events: docs/performance.md) on 2 cores with Node 26, 2026-11-30. Put in your own.
 */
export const costs: Costs & {
  /** Microseconds of Redis for each limited request. */
  readonly redis: number;
} = {
  rest: 150 * 1024,
  worker: 93 * 1024,
  http: 10,
  tls: 50,
  tunnel: 24,
  stream: 16,
  socket: 4,
  route: 20,
  backend: 20,
  request: 64,
  handshake: 1500,
  message: 37,
  event: 30,
  probe: 400,
  redis: 40,
};
