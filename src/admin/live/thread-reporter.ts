import perfHooks from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { Injectable } from '@nestjs/common';
import { CircuitBreakers } from '../../circuit-breaker/circuit-breakers.js';
import { AttemptMetrics } from '../../metrics/attempt-metrics.js';
import { CertificateMetrics } from '../../metrics/certificate-metrics.js';
import { ExchangeMetrics } from '../../metrics/exchange-metrics.js';
import { MetricsSources } from '../../metrics/metrics-sources.js';
import { RecentTraffic } from '../../metrics/recent/recent-traffic.js';
import { ThreadFigures } from '../../metrics/thread-figures.js';
import { LongLived } from '../../proxy/lasting/long-lived.js';
import type { BackendReport, CircuitReport, LastingReport, ThreadQuestion, ThreadReport } from './thread-report.js';

/** Says what goes on in this thread. It reads what others count, and keeps nothing of its own. */
@Injectable()
export class ThreadReporter {
  #utilization = perfHooks.performance.eventLoopUtilization();

  constructor(
    private readonly exchanges: ExchangeMetrics,
    private readonly attempts: AttemptMetrics,
    private readonly traffic: RecentTraffic,
    private readonly sources: MetricsSources,
    private readonly certificates: CertificateMetrics,
    private readonly breakers: CircuitBreakers,
    private readonly longLived: LongLived,
    private readonly figures: ThreadFigures,
  ) {}

  report({ failures = false, streams = 0, tunnels = 0 }: ThreadQuestion = {}): ThreadReport {
    const { bySecond, byError, byRoute } = this.traffic;
    const before = this.#utilization;
    this.#utilization = perfHooks.performance.eventLoopUtilization();
    return {
      inFlight: this.exchanges.inFlight,
      seconds: bySecond,
      routes: byRoute,
      errors: byError,
      attempts: this.attempts.lastMinute,
      backends: [...this.#backends()],
      circuits: [...this.#circuits()],
      listeners: [...this.sources.listeners()].map(({ connections, listener }) => ({ listener, connections })),
      certificates: [...this.certificates.readings()],
      ...this.#lasting({ stream: streams, tunnel: tunnels }),
      failures: failures ? this.traffic.failures.all : [],
      busy: perfHooks.performance.eventLoopUtilization(this.#utilization, before).utilization,
      loopDelay: this.figures.longestDelay() * 1_000,
      heapUsed: getHeapStatistics().used_heap_size,
    };
  }

  *#backends(): Iterable<BackendReport> {
    for (const { backend, connections, upstream } of this.sources.backends()) {
      if (connections === undefined) continue;
      const { active, idle, pending } = connections;
      if (active + idle + pending > 0) yield { upstream, backend: backend.id, active, idle, waiting: pending };
    }
  }

  *#circuits(): Iterable<CircuitReport> {
    for (const { backend, breaker, upstream } of this.breakers) {
      const { retryIn, state } = breaker;
      if (state !== 'closed') yield { upstream, backend: backend.id, state, retryIn };
    }
  }

  #lasting(most: Readonly<Record<'stream' | 'tunnel', number>>): Pick<ThreadReport, 'streams' | 'tunnels' | 'lasting'> {
    const lasting: LastingReport[] = [];
    const open = { stream: 0, tunnel: 0 };
    for (const { kind, route, state } of this.longLived.open.values()) {
      if (open[kind] < most[kind]) lasting.push({ kind, route, ...state() });
      open[kind]++;
    }
    return { streams: open.stream, tunnels: open.tunnel, lasting };
  }
}
