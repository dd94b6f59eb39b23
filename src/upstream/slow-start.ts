import type { LiveBackend } from './live-backend.js';

/** From one tenth of the weight to ten. */
const levels = 10;

/** Milliseconds of the ramp of a backend that is to return slowly where nothing says how slowly. */
const ownDuration = 10_000;

/**
 * Brings backends back by degrees: to a tenth of their weight at once, and from there to all of it over `duration`
 * milliseconds, in nine even steps. Backends that come back at different times take their steps together, so a ramp may be
 * longer by up to one step. One timer runs while anything ramps, none otherwise; it does not keep the process alive.
 */
export class SlowStart {
  /** Tenths of the weight that have been reached; 0 for one that joined between two steps. */
  readonly #ramping = new Map<LiveBackend, number>();
  #timer: NodeJS.Timeout | undefined;

  /** `stepped` is called after weights have changed by time. A duration of 0 leaves it to backends that are to return slowly. */
  constructor(
    private readonly duration: number,
    private readonly stepped: () => void,
  ) {}

  /** Starts a ramp, anew if the backend is on one. Tells whether the weight has changed. */
  start(backend: LiveBackend): boolean {
    if (this.duration === 0 && !backend.returnsSlowly) return false;
    backend.scaleWeight(1);
    this.#ramping.set(backend, this.#timer === undefined ? 1 : 0);
    this.#timer ??= setInterval(() => this.#step(), (this.duration || ownDuration) / (levels - 1)).unref();
    return true;
  }

  /** Ends a backend's ramp, if it is on one: it has its whole weight again. Tells whether the weight has changed. */
  end(backend: LiveBackend): boolean {
    if (!this.#ramping.delete(backend)) return false;
    backend.scaleWeight(levels);
    this.#stopWhenIdle();
    return true;
  }

  #step(): void {
    for (const [backend, level] of this.#ramping) {
      const next = level + 1;
      backend.scaleWeight(next);
      if (next < levels) this.#ramping.set(backend, next);
      else this.#ramping.delete(backend);
    }
    this.#stopWhenIdle();
    this.stepped();
  }

  #stopWhenIdle(): void {
    if (this.#ramping.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
