import type { Costs } from '#bench/model/sizing';

/**
 * What things cost, as `node bench/capacity.ts` has measured it on 2 cores with Node 26, 2026-11-30, while the machine was busy with other work as well. Memory at rest stands in
 * docs/operating.md, what a request and a message take in docs/performance.md. Put in your own.
 */
export const costs: Costs & {
  /** Microseconds of the Redis server for each limited request. */
  readonly redis: number;
} = {
  rest: 150 * 1024,
  worker: 93 * 1024,
  http: 10,
  tls: 50,
  tunnel: 25,
  stream: 17,
  socket: 4,
  route: 35,
  backend: 40,
  request: 64,
  handshake: 1900,
  message: 37,
  probe: 480,
  redis: 50,
};
