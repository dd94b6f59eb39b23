import { CellTable, type CellSpace } from '../../shared-memory/cell-table.js';
import { LimitStore, type Backlogs } from './limit-store.js';
import type { Quota } from './quota.js';

/** Namespaces that are remembered. They follow from the names of the limits, so those that are forgotten are made again. */
const mostSpaces = 10_000;

/**
 * Counts in memory that the threads of a process share: exact across them, bounded, lost when the process ends. As storage
 * for `@nestjs/throttler`: `ThrottlerModule.forRoot({ throttlers, storage: new MemoryLimitStore() })`.
 */
export class MemoryLimitStore extends LimitStore {
  readonly #spaces = new Map<string, CellSpace>();
  readonly #backlogs: number[] = [];

  #cells: CellTable | undefined;

  /** `cells`: a table that threads share; default: one of its own, made for the first request that is counted. */
  constructor(cells?: CellTable) {
    super();
    this.#cells = cells;
  }

  /** See {@link CellTable.evictions}. */
  get evictions(): number {
    return this.#cells?.evictions ?? 0;
  }

  take(quotas: readonly Quota[], subjects: readonly string[]): Backlogs {
    const backlogs = this.#backlogs;
    backlogs.length = quotas.length;
    if (quotas.length > 1 && !this.#admits(quotas, subjects)) return backlogs;
    for (let i = 0; i < quotas.length; i++) {
      backlogs[i] = this.#move(quotas[i]!, subjects[i]!);
      if (backlogs[i]! <= quotas[i]!.tolerance) continue;
      // Another thread has used up the limit since the check.
      for (let taken = 0; taken < i; taken++) {
        const { name, interval } = quotas[taken]!;
        this.#space(name).giveBack(subjects[taken]!, interval);
      }
      break;
    }
    return backlogs;
  }

  #move({ name, interval, tolerance }: Quota, subject: string): number {
    const space = this.#space(name);
    return interval === 0 ? space.backlog(subject) : space.take(subject, interval, tolerance);
  }

  /** Whether all limits would let a request through; checks every limit, so that the longest wait is known. */
  #admits(quotas: readonly Quota[], subjects: readonly string[]): boolean {
    let admits = true;
    for (let i = 0; i < quotas.length; i++) {
      const { name, interval, tolerance } = quotas[i]!;
      this.#backlogs[i] = this.#space(name).backlog(subjects[i]!) + interval;
      if (this.#backlogs[i]! > tolerance) admits = false;
    }
    return admits;
  }

  #space(name: string): CellSpace {
    let space = this.#spaces.get(name);
    if (space === undefined) {
      space = (this.#cells ??= new CellTable()).space(name);
      // Each limit that was ever configured has left one.
      if (this.#spaces.size >= mostSpaces) this.#spaces.clear();
      this.#spaces.set(name, space);
    }
    return space;
  }
}
