import type { LoadBalancer } from '../load-balancer/load-balancer.js';
import type { AttemptMetrics } from '../metrics/attempt-metrics.js';
import type { Outcome } from '../upstream/backend.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import type { Upstream } from '../upstream/upstream.js';
import { ConnectionGate, type GateLimits } from './connection-gate.js';
import type { Forwarder } from './forwarder.js';

/** An upstream with all that it takes to send requests to it: its balancer, its forwarder and the gates of its backends. */
export class Target {
  readonly #gates = new Map<LiveBackend, ConnectionGate>();

  constructor(
    readonly upstream: Upstream,
    readonly balancer: LoadBalancer,
    readonly forwarder: Forwarder,
    /** `preserve`, `backend`, or the literal to send. */
    readonly hostHeader: string,
    limits: GateLimits,
    private readonly metrics: AttemptMetrics,
  ) {
    for (const backend of upstream.backends) this.#gates.set(backend, new ConnectionGate(backend, limits));
  }

  gate(backend: LiveBackend): ConnectionGate {
    return this.#gates.get(backend)!;
  }

  /** Exactly once for each attempt: frees its place and tells the balancer and the metrics how it went. */
  settle(backend: LiveBackend, outcome: Outcome, firstByte: number | undefined): void {
    this.gate(backend).leave();
    this.balancer.settled(backend, outcome, firstByte);
    this.metrics.attempt(this.upstream.name, backend.id, outcome, firstByte);
  }
}
