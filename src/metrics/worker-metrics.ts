import { Injectable, type Provider } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import { Counter, Gauge } from 'prom-client';

/** Why a worker thread was replaced: it has ended by itself, its event loop did not turn any more, or it needed too much memory. */
export type RestartReason = 'crashed' | 'stuck' | 'memory';

/** Records the worker threads of the process. The main thread counts them; what workers show of it is left out. */
@Injectable()
export class WorkerMetrics {
  constructor(
    @InjectMetric('gatehouse_workers') private readonly workers: Gauge<string>,
    @InjectMetric('gatehouse_worker_restarts_total') private readonly restarts: Counter<string>,
  ) {
    for (const reason of ['crashed', 'stuck', 'memory']) restarts.inc({ reason }, 0);
  }

  /** So many workers run now. */
  running(workers: number): void {
    this.workers.set(workers);
  }

  /** Counts a worker that was replaced. */
  restarted(reason: RestartReason): void {
    this.restarts.inc({ reason });
  }
}

/** {@link WorkerMetrics} and the providers of its metrics. */
export function workerMetricProviders(): Provider[] {
  return [
    WorkerMetrics,
    makeGaugeProvider({
      name: 'gatehouse_workers',
      help: 'Worker threads that run now; 0: the main thread carries the traffic.',
      aggregator: 'first',
      registers: [],
    }),
    makeCounterProvider({
      name: 'gatehouse_worker_restarts_total',
      help: 'Worker threads that were replaced, by why: crashed, stuck, memory.',
      labelNames: ['reason'],
      aggregator: 'first',
      registers: [],
    }),
  ];
}
