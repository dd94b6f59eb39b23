/**
 * Gatehouse as a library: run a gateway from your own code, and add strategies of your own.
 *
 * ```ts
 * const gateway = await createGateway(buildConfig({ upstreams: { app: { backends: ['http://127.0.0.1:3001'] } } }));
 * await gateway.start();
 * ```
 *
 * @packageDocumentation
 */
import './packages/refuse-unsupported.js';

export { createGateway, StandaloneGateway, type StandaloneOptions } from './standalone.js';
export { Gateway } from './gateway.js';
export { GatewayModule } from './gateway.module.js';
export type {
  ConfigFile,
  GatewayModuleExtras,
  GatewayModuleOptions,
  GatewayOptions,
  GatewayOptionsFactory,
} from './nest/gateway-options.js';
export {
  GatewayEvents,
  type BackendHealthEvent,
  type DrainEvent,
  type ExchangeEndEvent,
  type ExchangeEvent,
  type GatewayEventMap,
  type GatewayEventName,
} from './nest/events/gateway-events.js';
export { getGatewayEventsToken, InjectGatewayEvents, OnGatewayEvent } from './nest/events/on-gateway-event.js';
export { UpstreamHealthIndicator, type UpstreamHealthResult } from './nest/upstream-health-indicator.js';
export { ForwardError } from './nest/forwarding/forward-error.js';
export { ForwardTo } from './nest/forwarding/forward-to.js';
export { GatewayService, type ForwardOptions } from './nest/forwarding/gateway-service.js';
export { getGatewayServiceToken, InjectGatewayService } from './nest/forwarding/inject-gateway-service.js';
export type { GatewayMount } from './nest/mount/mount-path.js';
export { getGatewayToken, InjectGateway } from './nest/inject-gateway.js';
export {
  CircuitBreakerModule,
  HealthModule,
  LoadBalancerModule,
  MetricsModule,
  ProxyModule,
  RateLimitModule,
  SecurityModule,
  type PartOptions,
} from './nest/stand-alone.js';
export { SecurityPolicies } from './security/controllers/security-policies.js';
export { LoadBalancer } from './load-balancer/load-balancer.js';
export { LoadBalancers } from './load-balancer/load-balancers.js';
export { HealthController } from './health/health.controller.js';
export { Readiness } from './health/readiness.js';
export type { CircuitBreaker, FailureKind, Ticket } from './circuit-breaker/circuit-breaker.js';
export { CircuitBreakers } from './circuit-breaker/circuit-breakers.js';
export type { CircuitEvent } from './circuit-breaker/circuit-events.js';
export { circuitBreakerToken, InjectCircuitBreaker } from './circuit-breaker/inject-circuit-breaker.js';
export { ConfigError } from './config/loading/config-error.js';
export { GATEWAY_CONFIG } from './config/config.module.js';
export {
  gatewayConfigFrom,
  type ConfigNamespaceOptions,
  type GatewayConfigFactory,
} from './config/config-namespace.js';
export { effectiveConfig } from './config/showing/effective-config.js';
export { GatewayConfig } from './config/file/gateway.config.js';
export {
  buildConfig,
  loadConfig,
  parseConfig,
  type BuildOptions,
  type ParseOptions,
} from './config/loading/load-config.js';
export type * from './config/typed/gateway-config-input.js';
export type { Problem } from './config/loading/problem.js';
export type { KnownExtension, KnownList, KnownNames } from './config/loading/checks/check.js';
export { jsonSchema, type SchemaOptions } from './config/showing/reference/json-schema.js';
export { knownExtensions } from './known-extensions.js';
export type { ExtensionPart } from './extension/declared-classes.js';
export type { Configurable, Named, NamedDecorator, NamedSettings } from './extension/named.js';
export { ExtensionError } from './extension/extension-error.js';
export { Probe, type HealthProbe, type ProbeResult } from './health/probe.js';
export {
  errorTable,
  GatewayError,
  type ContentError,
  type ErrorCode,
  type ErrorKind,
  type Retry,
  type Source,
} from './http/gateway-error.js';
export type { LocalResponse } from './http/problem.js';
export type { Protocol, RequestInfo } from './http/request-info.js';
export { Strategy } from './load-balancer/strategy.js';
export type { LoadBalancingStrategy } from './load-balancer/strategy.js';
export type {
  AttemptControl,
  AttemptObserver,
  ConnectionFigures,
  ForwardRequest,
} from './proxy/forwarder/forwarder.js';
export { Counter, Gauge, Histogram, Registry } from 'prom-client';
export { InjectMetric, provideCounter, provideGauge, provideHistogram } from './metrics/own-metrics.js';
export { ExchangeRequest, type ExchangeRoute } from './proxy/exchange-request.js';
export { ExchangeResponse } from './proxy/exchange-response.js';
export type { BackendPools } from './proxy/forwarder/backend-pools.js';
export { HTTP_PROXY_MIDDLEWARE_PLUGINS, type ProxyPlugin } from './proxy/forwarder/builtin-forwarders.js';
export type { Phase } from './proxy/forwarder/attempt-failure.js';
export { networkError } from './proxy/forwarder/network-error.js';
export { Forwarder, type ForwarderFactory } from './proxy/forwarder/registered-forwarder.js';
export type { Override } from './nest/overridden-modules.js';
export type { AppliedConfig } from './process/live-config.js';
export { Transformer } from './proxy/transform/transformer.js';
export type {
  ExchangeTransformer,
  TransformedExchange,
  TransformedRequest,
  TransformedResponse,
} from './proxy/transform/transformer.js';
export type { TransformedFields } from './proxy/transform/transformed-fields.js';
export { RequestIdentity } from './security/controllers/request-identity.js';
export type { PolicyReference } from './security/controllers/asked-policies.js';
export { PolicyGuard } from './security/controllers/policy.guard.js';
export { DeniedFilter } from './security/controllers/denied.filter.js';
export { globalPolicies, policiesGuard } from './security/controllers/policies-guard.js';
export { UsePolicies } from './security/controllers/use-policies.js';
export { Denied } from './security/denied.js';
export { Policy } from './security/custom/named-policy.js';
export { SECURITY_HEADERS, SecurityHeadersInterceptor } from './security/headers/security-headers.interceptor.js';
export {
  Answer,
  type Foreseen,
  type Identity,
  type PolicyContext,
  type Releasable,
  type RequestPolicy,
  type Verdict,
} from './security/policy.js';
export { GatewayThrottlerStorage, type ConfiguredThrottler } from './security/rate-limit/gateway-throttler-storage.js';
export { LimitStore, type Backlogs } from './security/rate-limit/limit-store.js';
export type { ThrottlerRecord } from './security/rate-limit/throttler-record.js';
export { MemoryLimitStore } from './security/rate-limit/memory-limit-store.js';
export type { Quota } from './security/rate-limit/quota.js';
export { RATE_LIMIT_MEMORY } from './security/rate-limit/rate-limit.module.js';
export { RedisLimitStore, type RedisStoreSettings } from './security/rate-limit/redis-limit-store.js';
export { CellTable } from './shared-memory/cell-table.js';
export { StartError } from './listeners/start-error.js';
export type { Backend, Candidates, Outcome, Veto } from './upstream/backend.js';
export type { BackendSetting, SetDrain, SetWeight } from './upstream/control/backend-setting.js';
export { BackendControl, UnknownBackendError, type ControlOptions } from './upstream/control/backend-control.js';
export type { ControlChange, ControlReason } from './upstream/control/control-log.js';
export { Discovery, type BackendDiscovery, type FoundBackend } from './upstream/discovery/discovery.js';
export { Upstreams } from './upstream/upstreams.js';
export { version } from './version.js';
