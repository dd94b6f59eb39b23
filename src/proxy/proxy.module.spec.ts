import http from 'node:http';
import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it, vi } from 'vitest';
import { KeptStreams } from '../../test/support/road-parts.js';
import { CircuitBreakerModule } from '../circuit-breaker/circuit-breaker.module.js';
import { GatewayConfigModule } from '../config/config.module.js';
import { buildConfig } from '../config/loading/load-config.js';
import { LoggingModule, PINO } from '../logging/logging.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { MetricsSources } from '../metrics/metrics-sources.js';
import { TraceMetrics } from '../metrics/trace-metrics.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { EventStreams } from './lasting/event-streams.js';
import { LiveRules } from './live-rules.js';
import { ProxyModule } from './proxy.module.js';
import { Targets } from './target/targets.js';

/** Takes over event streams, in the place of the floor above. */
@Global()
@Module({ providers: [{ provide: EventStreams, useClass: KeptStreams }], exports: [EventStreams] })
class StreamsModule {}

const file = { upstreams: { app: { backends: [{ id: 'a', url: 'http://127.0.0.1:1' }], strategy: 'random' } } };

function testingModule(change: object = {}) {
  const config = buildConfig({ ...file, ...change });
  return Test.createTestingModule({
    imports: [
      GatewayConfigModule.forRoot(config),
      LoggingModule.forRoot(config.logging, { write: () => {}, writeNow: () => {} }),
      MetricsModule.forRoot({ buckets: [1], processMetrics: false }),
      TracingModule.forRoot({ version: '1.0.0', counts: TraceMetrics, log: PINO }),
      CircuitBreakerModule.forRoot({ config }),
      StreamsModule,
      ProxyModule,
    ],
  });
}

describe('the module', () => {
  it('starts nothing when it is compiled: no server listens, nothing is connected', async () => {
    const listen = vi.spyOn(http.Server.prototype, 'listen');
    const module = await testingModule().compile();
    expect(module.get(LiveRules).current.plans.table.entries.length).toBe(1);
    const figures = [...module.get(Targets).backends()].map(({ connections }) => connections);
    expect([listen.mock.calls, figures]).toEqual([[], [{ active: 0, idle: 0, pending: 0 }]]);
    listen.mockRestore();
    await module.close();
  });

  it('gives metrics the state of each backend and of the memory, and closes all connections at the end', async () => {
    const module = await testingModule().compile();
    await module.init();
    const [state] = module.get(MetricsSources).backends();
    expect(state).toMatchObject({ upstream: 'app', available: true, sending: 0, unread: 0 });
    const target = module.get(Targets).get('app');
    target.upstream.backends[0]!.veto('unhealthy');
    expect([...module.get(MetricsSources).backends()].map(({ available }) => available)).toEqual([false]);
    expect([...module.get(MetricsSources).memory()]).toEqual([{ answers: 0, bodies: 0 }]);
    const close = vi.spyOn(target.forwarder, 'close');
    await module.close();
    expect(close).toHaveBeenCalledOnce();
  });
});
