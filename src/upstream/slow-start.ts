import type { LiveBackend } from './live-backend.js';

/** Steps of a ramp, in tenths of the weight: from one to ten. */
const levels = 10;

/** Milliseconds of the ramp of a backend with `returnsSlowly` when the upstream has no `slowStart`. */
const ownDuration = 10_000;

/**
 * Brings backends back gradually: to a tenth of their weight at once, and then to their whole weight over `duration`
 * milliseconds, in nine even steps. Backends that come back at different times take their steps together, so a ramp may last up
 * to one step longer. One timer runs while a backend ramps, and none otherwise; it does not keep the process alive.
 */
export class SlowStart {
  /** For each ramping backend the tenths of its weight that it has reached; 0 for a backend that joined between two steps. */
  readonly #ramping = new Map<LiveBackend, number>();
  #timer: NodeJS.Timeout | undefined;

  /** `stepped` is called after the timer has changed weights. With a duration of 0 only backends with `returnsSlowly` ramp. */
  constructor(
    public duration: number,
    private readonly stepped: () => void,
  ) {}

  /** Starts the backend's ramp, again from the beginning if it is ramping. Returns whether the weight has changed. */
  start(backend: LiveBackend): boolean {
    if (this.duration === 0 && !backend.returnsSlowly) return false;
    backend.scaleWeight(1);
    this.#ramping.set(backend, this.#timer === undefined ? 1 : 0);
    this.#timer ??= setInterval(() => this.#step(), (this.duration || ownDuration) / (levels - 1)).unref();
    return true;
  }

  /** Ends a backend's ramp, if it is ramping: it has its whole weight again. Returns whether the weight has changed. */
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
