import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import type { Logger } from 'pino';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { PINO } from '../logging/logging.module.js';
import { CircuitMetrics } from '../metrics/circuit-metrics.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import { BackendControlModule } from '../upstream/control/backend-control.module.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { Upstreams } from '../upstream/upstreams.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { CircuitBreakers } from './circuit-breakers.js';
import { CircuitsByHand } from './circuits-by-hand.js';
import { CircuitEvents } from './circuit-events.js';
import { CircuitFactory } from './circuit-factory.js';
import { CircuitLog } from './circuit-log.js';
import { circuitNames, type CircuitName } from './circuit-names.js';
import { CircuitRecorder } from './circuit-recorder.js';
import { NamedBreaker } from './named-breaker.js';
import { circuitBreakerToken } from './inject-circuit-breaker.js';

/**
 * The circuit breakers: {@link CircuitBreakers}, and each alone by `@InjectCircuitBreaker(id)`, in any module of the
 * application. Needs the global modules of configuration, log and metrics.
 */
@Module({})
export class CircuitBreakerModule {
  /** `config` is the configuration that GatewayConfigModule holds: its backends must be known here, because each gets a provider. */
  static forRoot(config: GatewayConfig): DynamicModule {
    const names = circuitNames(config.upstreams);
    const tokens = names.map(({ short, full }) => circuitBreakerToken(short ?? full));
    const breakers = names.flatMap(name => breakerProviders(name, config));
    return {
      module: CircuitBreakerModule,
      global: true,
      imports: [BackendControlModule, UpstreamModule],
      providers: [
        CircuitsByHand,
        { provide: CircuitFactory, inject: [PINO, CircuitMetrics], useFactory: createFactory },
        ...breakers,
        {
          provide: CircuitBreakers,
          inject: [CircuitFactory, Upstreams, CircuitsByHand, ...tokens],
          useFactory: (
            factory: CircuitFactory,
            upstreams: Upstreams,
            byHand: CircuitsByHand,
            ...injected: CircuitBreaker[]
          ) => {
            const circuits = names.map((name, index) => {
              const breaker = injected[index] as CircuitBreaker;
              return { name, upstream: name.upstream, backend: backendOf(upstreams, name), breaker };
            });
            return new CircuitBreakers(circuits, factory, upstreams, config, byHand);
          },
        },
        CircuitLog,
        CircuitRecorder,
      ],
      exports: [CircuitBreakers, ...breakers.map(({ provide }) => provide)],
    };
  }
}

function createFactory(pino: Logger, metrics: CircuitMetrics): CircuitFactory {
  const events = new CircuitEvents(err => pino.error({ err }, 'a subscriber of circuit events failed'));
  return new CircuitFactory(events, (upstream, backend) => metrics.rejected(upstream, backend));
}

function breakerProviders(name: CircuitName, config: GatewayConfig): Exclude<Provider, Function>[] {
  const full = circuitBreakerToken(name.full);
  const breaker = {
    provide: full,
    inject: [CircuitFactory, Upstreams],
    useFactory: (factory: CircuitFactory, upstreams: Upstreams): CircuitBreaker => {
      const { circuitBreaker, fallback } = config.upstreams.get(name.upstream)!;
      const backend = backendOf(upstreams, name);
      const place = { upstream: name.upstream, backend, config: circuitBreaker, hasFallback: fallback !== undefined };
      return new NamedBreaker(factory.create(place));
    },
  };
  if (name.short === undefined) return [breaker];
  // The gateway injects the short name, which leads to the full one: so the gateway uses a fake, whichever of the two names a
  // test replaces.
  return [breaker, { provide: circuitBreakerToken(name.short), useExisting: full }];
}

function backendOf(upstreams: Upstreams, name: CircuitName): LiveBackend {
  const backend = upstreams.get(name.upstream).backends[name.index];
  if (backend?.id !== name.backend) throw new Error(`the backend "${name.full}" is not the one of the configuration`);
  return backend;
}
