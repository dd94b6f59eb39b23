import type { CircuitBreakerConfig } from '../config/file/circuit-breaker.config.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import { AlwaysClosed } from './always-closed.js';
import { BucketRotations } from './bucket-rotations.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { CircuitEvents } from './circuit-events.js';
import { Circuit } from './circuit.js';
import { OpenCircuits } from './open-circuits.js';

/** The settings of an upstream that its circuits need. */
interface CircuitGroup {
  readonly name: string;
  readonly backends: readonly unknown[];
}

/** Makes the circuits, and owns what they share. */
export class CircuitFactory {
  readonly #rotations = new BucketRotations();
  readonly #siblings = new Map<CircuitGroup, OpenCircuits>();
  readonly #circuits: Circuit[] = [];
  readonly #alwaysClosed = new AlwaysClosed();

  /** `rejected` is called for each entry that a circuit refused. */
  constructor(
    readonly events: CircuitEvents,
    private readonly rejected: (upstream: string, backend: string) => void,
  ) {}

  /** The breaker for one backend of an upstream; call it once for each. `hasFallback`: the upstream has one. */
  create(
    upstream: CircuitGroup,
    backend: LiveBackend,
    config: CircuitBreakerConfig,
    hasFallback = false,
  ): CircuitBreaker {
    if (!config.enabled) return this.#alwaysClosed;
    let siblings = this.#siblings.get(upstream);
    if (siblings === undefined) {
      siblings = new OpenCircuits(config.maxOpen, upstream.backends.length, hasFallback);
      this.#siblings.set(upstream, siblings);
    }
    const names = { upstream: upstream.name, backend: backend.id };
    const circuit = new Circuit({
      backend,
      config,
      rotation: this.#rotations.of(config.window),
      siblings,
      changed: (from, to, reason) => this.events.publish({ ...names, from, to, reason }),
      rejected: () => this.rejected(names.upstream, names.backend),
    });
    this.#circuits.push(circuit);
    return circuit;
  }

  /** Ends all timers and completes the events. */
  close(): void {
    for (const circuit of this.#circuits) circuit.end();
    this.#rotations.close();
    this.events.close();
  }
}
