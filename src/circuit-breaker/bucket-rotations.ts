import { EventEmitter } from 'node:events';
import { bucketsOfWindow } from '../platform/circuit-window.js';

/** Circuits that share an emitter. When a circuit comes or goes, opossum looks for it among all listeners of its emitter, so the time for n circuits of one emitter grows with n². */
const mostOfEmitter = 64;

/** The circuits with windows of one length. */
interface Rotation {
  readonly emitters: Set<EventEmitter>;
  /** The one that takes the next circuit. */
  open: EventEmitter;
  readonly timer: NodeJS.Timeout;
}

/**
 * Turns the windows of the circuits: emitters of `rotate`, and one timer for each length of window. Circuits with windows of
 * the same length share the timer, so thousands of circuits need few timers. The timers do not keep the process alive.
 */
export class BucketRotations {
  readonly #byWindow = new Map<number, Rotation>();

  /** An emitter for the next circuit with a window of that many milliseconds. The timer of that window starts with the first call. */
  of(window: number): EventEmitter {
    const rotation = this.#byWindow.get(window) ?? this.#start(window);
    if (rotation.open.listenerCount('rotate') >= mostOfEmitter) rotation.emitters.add((rotation.open = emitter()));
    return rotation.open;
  }

  /** Ends the timers that no circuit needs any more. */
  prune(): void {
    for (const [window, { emitters, open, timer }] of this.#byWindow) {
      for (const each of emitters) if (each !== open && each.listenerCount('rotate') === 0) emitters.delete(each);
      if (emitters.size > 1 || open.listenerCount('rotate') > 0) continue;
      clearInterval(timer);
      this.#byWindow.delete(window);
    }
  }

  /** Ends the timers. */
  close(): void {
    for (const { timer } of this.#byWindow.values()) clearInterval(timer);
    this.#byWindow.clear();
  }

  #start(window: number): Rotation {
    const open = emitter();
    const emitters = new Set([open]);
    const rotate = (): void => {
      for (const each of emitters) each.emit('rotate');
    };
    const timer = setInterval(rotate, Math.floor(window / bucketsOfWindow)).unref();
    const rotation = { emitters, open, timer };
    this.#byWindow.set(window, rotation);
    return rotation;
  }
}

function emitter(): EventEmitter {
  // 0 = any number of listeners: each circuit adds one.
  return new EventEmitter().setMaxListeners(0);
}
