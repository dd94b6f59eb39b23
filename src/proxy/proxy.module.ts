import { Inject, Module, Optional, type OnModuleInit, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { CircuitBreakers } from '../circuit-breaker/circuit-breakers.js';
import { GATEWAY_CONFIG, GATEWAY_INSTANCE } from '../config/config.module.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { TrustedProxies } from '../http/client-address.js';
import { LoadBalancerModule } from '../load-balancer/load-balancer.module.js';
import { RANDOM_SOURCE, type RandomSource } from '../random/random-source.js';
import { RandomModule } from '../random/random.module.js';
import { LoadBalancers } from '../load-balancer/load-balancers.js';
import { AccessLog } from '../logging/access-log.js';
import { Tail } from '../logging/tail/tail.js';
import { AttemptMetrics } from '../metrics/attempt-metrics.js';
import { ExchangeMetrics } from '../metrics/exchange-metrics.js';
import { MetricsSources } from '../metrics/metrics-sources.js';
import { RoutePolicies } from '../security/route-policies.js';
import { SharedCounts, SharedCountsModule } from '../shared-memory/shared-counts.js';
import { THREAD, type Thread } from '../shared-memory/thread.js';
import { SecurityModule } from '../security/security.module.js';
import { Tracing } from '../tracing/tracing.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { Upstreams } from '../upstream/upstreams.js';
import { builtinForwarders } from './forwarder/builtin-forwarders.js';
import { createTargets } from './target/create-targets.js';
import { Dispatcher } from './dispatcher.js';
import { Entrance } from './entrance.js';
import { Exchanges } from './exchanges.js';
import { HostedExchanges } from './hosted-exchanges.js';
import { ClientMemory } from './client/memory-share.js';
import { LiveRules } from './live-rules.js';
import { Overload } from './overload.js';
import { ProxyController } from './proxy.controller.js';
import { Forwarders } from './forwarder/registered-forwarder.js';
import { Targets } from './target/targets.js';
import { Transformers } from './transform/transformers.js';

/** The path of a request from the open exchange to the backend and back. */
@Module({
  imports: [DiscoveryModule, LoadBalancerModule, RandomModule, SecurityModule, SharedCountsModule, UpstreamModule],
  providers: [
    // It has no path, and stands here so that no router looks for one.
    ProxyController,
    Dispatcher,
    Entrance,
    HostedExchanges,
    Overload,
    {
      provide: TrustedProxies,
      inject: [GATEWAY_CONFIG],
      useFactory: (config: GatewayConfig) => new TrustedProxies(config.trustedProxies),
    },
    {
      provide: ClientMemory,
      inject: [SharedCounts],
      useFactory: ({ threads }: SharedCounts) => new ClientMemory(threads),
    },
    ...builtinForwarders,
    Forwarders,
    Transformers,
    {
      provide: Targets,
      inject: [GATEWAY_CONFIG, Upstreams, LoadBalancers, CircuitBreakers, Forwarders, AttemptMetrics],
      useFactory: createTargets,
    },
    {
      provide: LiveRules,
      inject: [
        GATEWAY_CONFIG,
        GATEWAY_INSTANCE,
        Targets,
        RoutePolicies,
        TrustedProxies,
        RANDOM_SOURCE,
        SharedCounts,
        Transformers,
      ],
      useFactory: (
        config: GatewayConfig,
        instance: string,
        targets: Targets,
        policies: RoutePolicies,
        trusted: TrustedProxies,
        random: RandomSource,
        counts: SharedCounts,
        transformers: Transformers,
      ) => LiveRules.create(config, { targets, policies, trusted, random, instance, counts, transformers }),
    },
    {
      provide: Exchanges,
      inject: [LiveRules, TrustedProxies, Overload, AccessLog, ExchangeMetrics, Tail, Tracing],
      useFactory: (
        rules: LiveRules,
        trusted: TrustedProxies,
        overload: Overload,
        log: AccessLog,
        metrics: ExchangeMetrics,
        tail: Tail,
        tracing: Tracing,
      ) => new Exchanges(rules, trusted, overload, log, metrics, tail, tracing),
    },
  ],
  exports: [
    Dispatcher,
    Entrance,
    Exchanges,
    HostedExchanges,
    ProxyController,
    LiveRules,
    Overload,
    Targets,
    TrustedProxies,
    UpstreamModule,
  ],
})
export class ProxyModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly targets: Targets,
    private readonly sources: MetricsSources,
    private readonly memory: ClientMemory,
    @Optional() @Inject(THREAD) private readonly thread?: Thread,
  ) {}

  onModuleInit(): void {
    this.sources.addBackends(() => this.#states());
    // With workers the main thread sends nothing, and its budgets are of no use.
    if (this.thread?.role !== 'main') this.sources.addBudgets(() => this.targets.budgets());
    const { answers, bodies } = this.memory;
    this.sources.addMemory(() => ({ answers: answers.taken, bodies: bodies.taken }));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.targets.close();
  }

  *#states() {
    for (const { target, backend, connections } of this.targets.backends()) {
      const gate = target.gate(backend);
      yield {
        upstream: target.upstream.name,
        backend,
        available: backend.vetoes.size === 0,
        sending: gate.sending,
        unread: gate.unread.size,
        connections,
      };
    }
  }
}
