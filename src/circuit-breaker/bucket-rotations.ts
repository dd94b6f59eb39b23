import { EventEmitter } from 'node:events';
import { bucketsOfWindow } from '../platform/circuit-window.js';

/**
 * Turns the windows of the circuits: one emitter of `rotate` and one timer for each length of window. Circuits with windows of
 * the same length share the timer, so thousands of circuits need few timers. The timers do not keep the process alive.
 */
export class BucketRotations {
  readonly #byWindow = new Map<number, { readonly emitter: EventEmitter; readonly timer: NodeJS.Timeout }>();

  /** The emitter for windows of that many milliseconds. Its timer starts with the first call. */
  of(window: number): EventEmitter {
    const known = this.#byWindow.get(window);
    if (known !== undefined) return known.emitter;
    // 0 = any number of listeners: each circuit adds one.
    const emitter = new EventEmitter().setMaxListeners(0);
    const timer = setInterval(() => emitter.emit('rotate'), Math.floor(window / bucketsOfWindow)).unref();
    this.#byWindow.set(window, { emitter, timer });
    return emitter;
  }

  /** Ends the timers that no circuit needs any more. */
  prune(): void {
    for (const [window, { emitter, timer }] of this.#byWindow) {
      if (emitter.listenerCount('rotate') > 0) continue;
      clearInterval(timer);
      this.#byWindow.delete(window);
    }
  }

  /** Ends the timers. */
  close(): void {
    for (const { timer } of this.#byWindow.values()) clearInterval(timer);
    this.#byWindow.clear();
  }
}
