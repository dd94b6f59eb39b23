import { Module, type DynamicModule, type FactoryProvider, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { Logger } from 'pino';
import { GATEWAY_CONFIG } from '../config/config.module.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { PINO } from '../logging/logging.module.js';
import { CircuitMetrics } from '../metrics/circuit-metrics.js';
import { tokensOn } from '../platform/nest-metadata.js';
import { BackendControlModule } from '../upstream/control/backend-control.module.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { Upstreams } from '../upstream/upstreams.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { CircuitBreakers } from './circuit-breakers.js';
import { CircuitsByHand } from './circuits-by-hand.js';
import { CircuitEvents } from './circuit-events.js';
import { CircuitFactory } from './circuit-factory.js';
import { CircuitLog } from './circuit-log.js';
import { circuitNames } from './circuit-names.js';
import { CircuitRecorder } from './circuit-recorder.js';
import { askedCircuitBreakers, circuitBreakerToken } from './inject-circuit-breaker.js';
import { InjectableBreakers } from './injectable-breakers.js';

/** Which breakers get a provider of their own. */
interface BreakerOptions {
  /** Name of the gateway; default: it has none. */
  readonly gateway?: string;
  /** The configuration, where it is known already: all its breakers get one. Else those that code has asked for get one. */
  readonly config?: GatewayConfig | undefined;
}

/**
 * The circuit breakers: {@link CircuitBreakers}, and each alone by `@InjectCircuitBreaker(id)`, in any module of the
 * application. Needs the global modules of configuration, log and metrics.
 */
@Module({})
export class CircuitBreakerModule implements OnModuleInit {
  constructor(
    private readonly breakers: InjectableBreakers,
    private readonly modules: ModulesContainer,
  ) {}

  static forRoot({ config, gateway = '' }: BreakerOptions = {}): DynamicModule {
    const known =
      config && circuitNames(config.upstreams).flatMap(({ full, short }) => (short ? [full, short] : [full]));
    // Read when Nest looks for modules: what a test overrides has been asked for by then.
    const ids = (): readonly string[] => known ?? askedCircuitBreakers(gateway);
    return {
      module: CircuitBreakerModule,
      global: true,
      imports: [BackendControlModule, UpstreamModule],
      get providers() {
        return [
          CircuitsByHand,
          { provide: CircuitFactory, inject: [PINO, CircuitMetrics], useFactory: createFactory },
          {
            provide: InjectableBreakers,
            inject: [CircuitFactory, Upstreams, GATEWAY_CONFIG],
            useFactory: (factory: CircuitFactory, upstreams: Upstreams, current: GatewayConfig) =>
              new InjectableBreakers(factory, upstreams, current, gateway),
          },
          ...ids().map(id => breakerProvider(id, gateway)),
          breakersProvider(ids(), gateway),
          CircuitLog,
          CircuitRecorder,
        ];
      },
      get exports() {
        return [CircuitBreakers, ...ids().map(id => circuitBreakerToken(id, gateway))];
      },
    };
  }

  /** Throws, in one line, when something of the application asks for the breaker of a backend that there is not. */
  onModuleInit(): void {
    for (const id of askedCircuitBreakers(this.breakers.gateway)) {
      if (this.breakers.find(id) !== undefined) continue;
      const by = this.#injectorOf(circuitBreakerToken(id, this.breakers.gateway));
      if (by !== undefined) throw new Error(`${by}: ${this.breakers.unknown(id).message}`);
    }
  }

  #injectorOf(token: string): string | undefined {
    for (const { controllers, injectables, providers } of this.modules.values()) {
      for (const { inject, metatype, name } of [
        ...providers.values(),
        ...controllers.values(),
        ...injectables.values(),
      ]) {
        const asked = inject ?? (typeof metatype === 'function' ? tokensOn(metatype) : []);
        if (asked.includes(token)) return String(name);
      }
    }
    return undefined;
  }
}

function createFactory(pino: Logger, metrics: CircuitMetrics): CircuitFactory {
  const events = new CircuitEvents(err => pino.error({ err }, 'a subscriber of circuit events failed'));
  return new CircuitFactory(events, (upstream, backend) => metrics.rejected(upstream, backend));
}

function breakerProvider(id: string, gateway: string): FactoryProvider<CircuitBreaker | undefined> {
  return {
    provide: circuitBreakerToken(id, gateway),
    inject: [InjectableBreakers],
    useFactory: (breakers: InjectableBreakers) => breakers.find(id),
  };
}

/** The gateway uses what is injected: so it uses a fake, whichever of the two names of a breaker a test replaces. */
function breakersProvider(ids: readonly string[], gateway: string): FactoryProvider<CircuitBreakers> {
  return {
    provide: CircuitBreakers,
    inject: [
      CircuitFactory,
      Upstreams,
      GATEWAY_CONFIG,
      CircuitsByHand,
      InjectableBreakers,
      ...ids.map(id => ({ token: circuitBreakerToken(id, gateway), optional: true })),
    ],
    useFactory: (
      factory: CircuitFactory,
      upstreams: Upstreams,
      config: GatewayConfig,
      byHand: CircuitsByHand,
      own: InjectableBreakers,
      ...injected: (CircuitBreaker | undefined)[]
    ) => {
      const fakes = new Map(ids.map((id, index) => [id, injected[index]] as const));
      const circuits = own.names.map(name => {
        const of = own.of(name);
        const fake = [name.full, name.short ?? ''].map(id => fakes.get(id)).find(each => each && each !== of);
        if (fake !== undefined) of.current = fake;
        return { name, upstream: name.upstream, backend: own.backendOf(name), breaker: fake ?? of };
      });
      return new CircuitBreakers(circuits, factory, upstreams, config, byHand);
    },
  };
}
