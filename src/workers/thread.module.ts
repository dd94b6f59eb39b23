import { Module, type DynamicModule } from '@nestjs/common';
import { RATE_LIMIT_MEMORY } from '../security/rate-limit/rate-limit.module.js';
import { COUNT_MEMORY, type CountMemory } from '../shared-memory/shared-counts.js';
import { THREAD, type Thread } from '../shared-memory/thread.js';
import type { WorkerMemory } from './messages.js';

/** Makes a gateway the part of a larger one that runs in several threads: gives it the memory that they share. */
@Module({})
export class ThreadModule {
  /** `workers`: how many threads carry traffic. */
  static forRoot(thread: Thread, { counts, limits }: WorkerMemory, workers: number): DynamicModule {
    const shared: CountMemory = { memory: counts, column: thread.index, threads: workers };
    const providers = [
      { provide: COUNT_MEMORY, useValue: shared },
      { provide: THREAD, useValue: thread },
      { provide: RATE_LIMIT_MEMORY, useValue: limits },
    ];
    return { module: ThreadModule, global: true, providers, exports: [COUNT_MEMORY, THREAD, RATE_LIMIT_MEMORY] };
  }
}
