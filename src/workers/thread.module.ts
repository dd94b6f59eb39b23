import { Module, type DynamicModule } from '@nestjs/common';
import { RATE_LIMIT_MEMORY } from '../security/rate-limit/rate-limit.module.js';
import { THREAD, type Thread } from '../shared-memory/thread.js';
import type { WorkerMemory } from './messages.js';

/** Makes a gateway the part of a larger one that runs in several threads: gives it the memory that they share. */
@Module({})
export class ThreadModule {
  static forRoot(thread: Thread, { limits }: WorkerMemory): DynamicModule {
    const providers = [
      { provide: THREAD, useValue: thread },
      { provide: RATE_LIMIT_MEMORY, useValue: limits },
    ];
    return { module: ThreadModule, global: true, providers, exports: [THREAD, RATE_LIMIT_MEMORY] };
  }
}
