import { Inject, Injectable, Module, Optional } from '@nestjs/common';
import { CountTable, type CountSpace } from './count-table.js';

/** What a thread needs to count together with the others. */
export interface CountMemory {
  /** From `CountTable.allocate`, the same in all threads. */
  readonly memory: SharedArrayBuffer;
  /** The number of this thread's column, from 0: no other thread that lives has the same. */
  readonly column: number;
  /** Threads that carry traffic: budgets of the process that are not counted together are divided by it. */
  readonly threads: number;
}

/** Token of the {@link CountMemory}; nothing is provided where one thread carries all traffic. */
export const COUNT_MEMORY = Symbol('COUNT_MEMORY');

/** Gives those who limit what is in flight the counts that all threads share, if there are several. */
@Injectable()
export class SharedCounts {
  /** Threads that carry traffic. */
  readonly threads: number;
  readonly #table: CountTable | undefined;

  constructor(@Optional() @Inject(COUNT_MEMORY) shared?: CountMemory) {
    this.threads = shared?.threads ?? 1;
    this.#table = shared && new CountTable(shared.memory, shared.column);
  }

  /** The counts of one namespace, as in `CountTable.space`. Undefined: this thread carries all traffic, and counts by itself. */
  space(name: string): CountSpace | undefined {
    return this.#table?.space(name);
  }
}

/** Provides {@link SharedCounts}. */
@Module({ providers: [SharedCounts], exports: [SharedCounts] })
export class SharedCountsModule {}
