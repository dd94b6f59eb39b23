import type { CircuitBreakerConfig } from '../config/file/circuit-breaker.config.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { didYouMean } from '../spelling/nearest.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import type { Upstreams } from '../upstream/upstreams.js';
import type { CircuitFactory } from './circuit-factory.js';
import { circuitNames, type CircuitName } from './circuit-names.js';
import { NamedBreaker } from './named-breaker.js';

/** The breakers of the backends of the configuration, for injection: one for each, whichever of its two names is asked for. */
export class InjectableBreakers {
  readonly names: readonly CircuitName[];
  readonly #byId = new Map<string, CircuitName>();
  readonly #made = new Map<CircuitName, NamedBreaker>();

  constructor(
    private readonly factory: Pick<CircuitFactory, 'create'>,
    private readonly upstreams: Upstreams,
    private readonly config: GatewayConfig,
    /** Name of the gateway; empty: it has none. */
    readonly gateway = '',
  ) {
    this.names = circuitNames(config.upstreams);
    for (const name of this.names) {
      this.#byId.set(name.full, name);
      if (name.short !== undefined) this.#byId.set(name.short, name);
    }
  }

  /** Undefined: no backend of the configuration has this id. */
  find(id: string): NamedBreaker | undefined {
    const name = this.#byId.get(id);
    return name && this.of(name);
  }

  of(name: CircuitName): NamedBreaker {
    let breaker = this.#made.get(name);
    if (breaker === undefined) {
      const { circuitBreaker, fallback } = this.config.upstreams.get(name.upstream)!;
      breaker = new NamedBreaker(this.#create(name, circuitBreaker, fallback !== undefined));
      this.#made.set(name, breaker);
    }
    return breaker;
  }

  backendOf(name: CircuitName): LiveBackend {
    const backend = this.upstreams.get(name.upstream).backends[name.index];
    if (backend?.id !== name.backend) throw new Error(`the backend "${name.full}" is not the one of the configuration`);
    return backend;
  }

  /** That there is no such breaker, and which there are. */
  unknown(id: string): Error {
    const known = [...this.#byId.keys()];
    return new Error(`no circuit breaker is named "${id}"${didYouMean(id, known)} (known: ${known.join(', ')})`);
  }

  #create(name: CircuitName, config: CircuitBreakerConfig, hasFallback: boolean) {
    return this.factory.create({ upstream: name.upstream, backend: this.backendOf(name), config, hasFallback });
  }
}
