import { EventEmitter } from 'node:events';
import { bucketsOfWindow } from '../platform/circuit-window.js';

/**
 * What turns the windows of the circuits: emitters of `rotate`, one for each length of window, with one timer each. Thousands
 * of circuits share them, so that they do not mean thousands of timers. The timers do not keep the process alive.
 */
export class BucketRotations {
  readonly #byWindow = new Map<number, { readonly emitter: EventEmitter; readonly timer: NodeJS.Timeout }>();

  /** The emitter for windows of that many milliseconds. Its timer starts with the first call. */
  of(window: number): EventEmitter {
    const known = this.#byWindow.get(window);
    if (known !== undefined) return known.emitter;
    // 0 = any number of listeners: each circuit is one.
    const emitter = new EventEmitter().setMaxListeners(0);
    const timer = setInterval(() => emitter.emit('rotate'), Math.floor(window / bucketsOfWindow)).unref();
    this.#byWindow.set(window, { emitter, timer });
    return emitter;
  }

  /** Ends the timers. */
  close(): void {
    for (const { timer } of this.#byWindow.values()) clearInterval(timer);
    this.#byWindow.clear();
  }
}
