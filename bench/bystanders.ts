import { readCore, readFamily } from '#bench/cpu';

/** Seconds so far. */
export interface CoreReading {
  /** On any steady clock. */
  readonly at: number;
  /** CPU time that was used of the run's cores, by all programs. */
  readonly busy: number;
  /** CPU time of the run itself and of all that it has started. */
  readonly own: number;
}

function readCores(cores: readonly number[]): CoreReading {
  const busy = cores.reduce((sum, core) => sum + readCore(core), 0);
  return { at: performance.now() / 1000, busy, own: readFamily(process.pid) };
}

/** Watches what programs that are no part of the run use of its cores. */
export class Bystanders {
  readonly #cores: number;
  readonly #read: () => CoreReading;
  #last: CoreReading;

  constructor(cores: readonly number[], read = (): CoreReading => readCores(cores)) {
    this.#cores = cores.length;
    this.#read = read;
    this.#last = read();
  }

  /** Their share (0..1) of the cores since the last call, or since this was made. 0 when there are no cores to watch. */
  takeShare(): number {
    const before = this.#last;
    const now = (this.#last = this.#read());
    const capacity = (now.at - before.at) * this.#cores;
    return capacity === 0 ? 0 : Math.max(0, now.busy - before.busy - (now.own - before.own)) / capacity;
  }
}
