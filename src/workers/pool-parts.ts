import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { CircuitBreakers } from '../circuit-breaker/circuit-breakers.js';
import type { Explanations } from '../explain/explanations.js';
import type { TicketSecret } from '../listeners/tls/ticket-secret.js';
import type { Readiness } from '../health/readiness.js';
import type { WorkerMetrics } from '../metrics/worker-metrics.js';
import type { BackendControl } from '../upstream/control/backend-control.js';
import type { Upstreams } from '../upstream/upstreams.js';
import type { WorkerMemory } from './messages.js';

/** What the workers are made with. */
export interface PoolSettings {
  /** How many there are. */
  readonly count: number;
  /** The program of a worker. */
  readonly entry: URL;
  /** The name of the gateway in `Via`. */
  readonly instance: string;
  /** Another process of the gateway still listens on its ports. */
  readonly beside: boolean;
  /** Files with modules of the user, which each worker loads. */
  readonly extensions: readonly string[];
  readonly memory: WorkerMemory;
}

/** What the pool uses of the application in the main thread. */
export interface PoolParts {
  readonly upstreams: Upstreams;
  readonly breakers: CircuitBreakers;
  readonly control: BackendControl;
  readonly log: Logger;
  readonly registry: Registry;
  readonly metrics: WorkerMetrics;
  readonly readiness: Readiness;
  readonly tickets: TicketSecret;
  /** Of the requests that workers have explained. */
  readonly explanations: Explanations;
}
