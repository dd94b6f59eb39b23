import type { CircuitBreakerConfig } from '../config/file/circuit-breaker.config.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import { AlwaysClosed } from './always-closed.js';
import { BucketRotations } from './bucket-rotations.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { CircuitEvents } from './circuit-events.js';
import { Circuit } from './circuit.js';
import { OpenCircuits } from './open-circuits.js';

/** What a circuit is made for. */
export interface CircuitPlace {
  /** Name of the upstream. */
  readonly upstream: string;
  readonly backend: LiveBackend;
  /** A block of its own for each upstream: its circuits are siblings while they have the same one. */
  readonly config: CircuitBreakerConfig;
  /** The upstream has a fallback. */
  readonly hasFallback: boolean;
}

/** Makes the circuits, and owns what they share. */
export class CircuitFactory {
  readonly #rotations = new BucketRotations();
  readonly #siblings = new WeakMap<CircuitBreakerConfig, Map<string, OpenCircuits>>();
  readonly #circuits = new Set<Circuit>();
  readonly #alwaysClosed = new AlwaysClosed();

  /** `rejected` is called for each entry that a circuit refused. */
  constructor(
    readonly events: CircuitEvents,
    private readonly rejected: (upstream: string, backend: string) => void,
  ) {}

  /** A breaker for a backend of an upstream. */
  create(place: CircuitPlace): CircuitBreaker {
    const { backend, config, upstream } = place;
    if (!config.enabled) return this.#alwaysClosed;
    const siblings = this.#siblingsOf(place);
    const names = { upstream, backend: backend.id };
    const circuit = new Circuit({
      backend,
      config,
      rotation: this.#rotations.of(config.window),
      siblings,
      changed: change => this.events.publish({ ...names, ...change }),
      rejected: () => this.rejected(names.upstream, names.backend),
    });
    this.#circuits.add(circuit);
    return circuit;
  }

  /** A breaker that it has made is used no more: its veto is lifted. */
  retire(breaker: CircuitBreaker, backend: LiveBackend): void {
    if (!(breaker instanceof Circuit) || !this.#circuits.delete(breaker)) return;
    breaker.end();
    this.#rotations.prune();
    backend.lift('circuit-open');
  }

  #siblingsOf({ config, hasFallback, upstream }: CircuitPlace): OpenCircuits {
    let groups = this.#siblings.get(config);
    if (groups === undefined) this.#siblings.set(config, (groups = new Map<string, OpenCircuits>()));
    const key = `${upstream} ${hasFallback}`;
    let siblings = groups.get(key);
    if (siblings === undefined) groups.set(key, (siblings = new OpenCircuits(config.maxOpen, hasFallback)));
    return siblings;
  }

  /** Ends all timers and completes the events. */
  close(): void {
    for (const circuit of this.#circuits) circuit.end();
    this.#rotations.close();
    this.events.close();
  }
}
