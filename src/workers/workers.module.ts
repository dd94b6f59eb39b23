import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { CircuitBreakers } from '../circuit-breaker/circuit-breakers.js';
import { Explanations } from '../explain/explanations.js';
import { ExplanationsModule } from '../explain/explanations.module.js';
import { HealthChecksModule } from '../health/health-checks.module.js';
import { Readiness } from '../health/readiness.js';
import { PINO } from '../logging/logging.module.js';
import { WorkerMetrics } from '../metrics/worker-metrics.js';
import { FRONT } from '../process/front.js';
import { TicketSecret } from '../listeners/tls/ticket-secret.js';
import { ListenersModule } from '../listeners/listeners.module.js';
import { CellTable } from '../shared-memory/cell-table.js';
import { CountTable } from '../shared-memory/count-table.js';
import type { Thread } from '../shared-memory/thread.js';
import { BackendControl } from '../upstream/control/backend-control.js';
import { LoadTable } from '../upstream/load/load-table.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { Upstreams } from '../upstream/upstreams.js';
import { allocateBeats } from './heartbeat.js';
import type { WorkerMemory } from './messages.js';
import { ThreadModule } from './thread.module.js';
import type { PoolSettings } from './pool-parts.js';
import { WorkerPool } from './worker-pool.js';

/** Has worker threads carry the traffic of a gateway: import it into the application of the main thread. */
@Module({})
export class WorkersModule {
  static forRoot(settings: Omit<PoolSettings, 'memory'>): DynamicModule {
    const memory = allocate(settings.count);
    const main: Thread = { role: 'main', index: 0, loads: memory.loads };
    return {
      module: WorkersModule,
      global: true,
      imports: [
        ThreadModule.forRoot(main, memory, settings.count),
        UpstreamModule,
        HealthChecksModule,
        ListenersModule,
        ExplanationsModule,
      ],
      providers: [
        {
          provide: FRONT,
          inject: [
            Upstreams,
            CircuitBreakers,
            BackendControl,
            PINO,
            Registry,
            WorkerMetrics,
            Readiness,
            TicketSecret,
            Explanations,
          ],
          useFactory: (
            upstreams: Upstreams,
            breakers: CircuitBreakers,
            control: BackendControl,
            log: Logger,
            registry: Registry,
            metrics: WorkerMetrics,
            readiness: Readiness,
            tickets: TicketSecret,
            explanations: Explanations,
          ) =>
            new WorkerPool(
              { ...settings, memory },
              { upstreams, breakers, control, log, registry, metrics, readiness, tickets, explanations },
            ),
        },
      ],
      exports: [FRONT],
    };
  }
}

function allocate(workers: number): WorkerMemory {
  const threads = workers + 1;
  return {
    beats: allocateBeats(threads),
    counts: CountTable.allocate({ threads }),
    limits: CellTable.allocate(),
    loads: LoadTable.allocate(threads),
  };
}
