import { type DynamicModule, forwardRef, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { GatewayConfig } from '../config/file/gateway.config.js';
import { buildConfig } from '../config/loading/load-config.js';
import type { GatewayConfigInput } from '../config/typed/gateway-config-input.js';
import { HealthChecksModule } from '../health/health-checks.module.js';
import { HealthModule as HealthEndpoints } from '../health/health.module.js';
import { Readiness } from '../health/readiness.js';
import { LoadBalancerModule as Balancing } from '../load-balancer/load-balancer.module.js';
import type { Sink } from '../logging/sink.js';
import { ProxyModule as Proxy } from '../proxy/proxy.module.js';
import { SecurityPolicies } from '../security/controllers/security-policies.js';
import { RateLimitModule as RateLimits } from '../security/rate-limit/rate-limit.module.js';
import { SecurityModule as Security } from '../security/security.module.js';
import { EventStreamsModule } from '../sse/event-streams.module.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { Upstreams } from '../upstream/upstreams.js';
import { READY_OPTIONS } from './gateway-options.js';
import { foundations, GatewayOptionsModule } from './gateway-parts.js';
import { scopedModules } from './scoped-modules.js';

/** What a part of the gateway is made of, where it stands alone. */
export interface PartOptions {
  /** A configuration, or the part of one that concerns the module. Default: the defaults of everything. */
  readonly config?: GatewayConfigInput | GatewayConfig;
  /** The destination of its log lines. Default: they are dropped. */
  readonly logSink?: Sink;
}

type Part = Type | DynamicModule;

const silent: Sink = { write: (_, done) => done(), writeNow: () => undefined };
let count = 0;

/** A part of the gateway with all that it needs, in modules of its own: not those of a gateway in the same application. */
function alone(name: string, parts: readonly Part[], options: PartOptions, own: Type[] = []): DynamicModule {
  const config = configOf(options);
  const scope = `${name}-${++count}`;
  const ready: DynamicModule = {
    module: GatewayOptionsModule,
    providers: [{ provide: READY_OPTIONS, useValue: { config, logSink: options.logSink ?? silent } }],
    exports: [READY_OPTIONS],
  };
  const base = foundations({ options: ready, embedded: true, name: scope, config: () => config, breakersOf: '' });
  const modules = scopedModules([...base, ...parts], scope, ready);
  const module = { [name]: class {} }[name]!;
  return { module, imports: modules, providers: own, exports: [...(modules as Part[]), ...own] };
}

/** The module of the defaults, made when Nest asks for it. */
function byDefault(make: () => DynamicModule): ModuleMetadata {
  let made: DynamicModule | undefined;
  const reference = forwardRef(() => (made ??= make()));
  return { imports: [reference], exports: [reference] };
}

function configOf({ config = {} }: PartOptions): GatewayConfig {
  if (config instanceof GatewayConfig) return config;
  // A configuration must have something to do.
  const routes = config.upstreams === undefined && config.routes === undefined ? [{ respond: {} }] : undefined;
  return buildConfig({ ...(routes && { routes }), ...config });
}

/** Load balancing alone: offers `LoadBalancers`, with the built-in strategies and those of the application. */
@Module(byDefault(() => LoadBalancerModule.forRoot()))
export class LoadBalancerModule {
  /** @throws ConfigError for a wrong configuration. */
  static forRoot(options: PartOptions = {}): DynamicModule {
    return alone('LoadBalancerModule', [Balancing], options);
  }
}

/** The circuit breakers of the backends of a configuration alone: offers `CircuitBreakers`, each breaker by `circuitBreakerToken(id)`, and {@link Upstreams}. */
@Module(byDefault(() => CircuitBreakerModule.forRoot()))
export class CircuitBreakerModule {
  /** @throws ConfigError for a wrong configuration. */
  static forRoot(options: PartOptions = {}): DynamicModule {
    return alone('CircuitBreakerModule', [UpstreamModule], options);
  }
}

/** The store of rate limits alone: offers `LimitStore`, in memory or on the Redis server of `rateLimitStore`, to which it connects when the application starts. */
@Module(byDefault(() => RateLimitModule.forRoot()))
export class RateLimitModule {
  /** @throws ConfigError for a wrong configuration. */
  static forRoot(options: PartOptions = {}): DynamicModule {
    return alone('RateLimitModule', [RateLimits], options);
  }
}

/** The policies alone: offers {@link SecurityPolicies}, which makes those of a `security` block, and `LimitStore`. */
@Module(byDefault(() => SecurityModule.forRoot()))
export class SecurityModule {
  /** @throws ConfigError for a wrong configuration. */
  static forRoot(options: PartOptions = {}): DynamicModule {
    return alone('SecurityModule', [Security, RateLimits], options, [SecurityPolicies]);
  }
}

const SOURCES = Symbol('HEALTH_SOURCES');

class HealthSourcesModule {}

const healthSources = (readiness: Readiness, upstreams: Upstreams) => ({
  readiness,
  upstreams: () => upstreams,
  configRefusal: () => undefined,
});

/** Health alone: offers `HealthController` and {@link Readiness}. Its active health checks begin when the application starts, and end with it. */
@Module(byDefault(() => HealthModule.forRoot()))
export class HealthModule {
  /** @throws ConfigError for a wrong configuration. */
  static forRoot(options: PartOptions = {}): DynamicModule {
    // The endpoints have a Readiness of their own, which is that of their sources.
    const sources: DynamicModule = {
      module: HealthSourcesModule,
      imports: [HealthChecksModule, UpstreamModule],
      providers: [{ provide: SOURCES, inject: [Readiness, Upstreams], useFactory: healthSources }],
      exports: [SOURCES],
    };
    const endpoints = HealthEndpoints.unrouted({
      imports: [sources],
      inject: [SOURCES],
      useFactory: (all: ReturnType<typeof healthSources>) => all,
    });
    return alone('HealthModule', [HealthChecksModule, UpstreamModule, endpoints], options);
  }
}

/** The metrics alone: offers prom-client's `Registry` with all metrics of the gateway, and `provideCounter` and the like put yours into it. */
@Module(byDefault(() => MetricsModule.forRoot()))
export class MetricsModule {
  /** @throws ConfigError for a wrong configuration. */
  static forRoot(options: PartOptions = {}): DynamicModule {
    return alone('MetricsModule', [], options);
  }
}

/** The road of a request without listeners alone: offers {@link Upstreams}, `CircuitBreakers` and what stands between an exchange and a backend. */
@Module(byDefault(() => ProxyModule.forRoot()))
export class ProxyModule {
  /** @throws ConfigError for a wrong configuration. */
  static forRoot(options: PartOptions = {}): DynamicModule {
    return alone('ProxyModule', [Proxy, EventStreamsModule, UpstreamModule], options);
  }
}
