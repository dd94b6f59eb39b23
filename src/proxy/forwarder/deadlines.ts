/** Something that has a deadline. */
export interface Timed {
  /** `performance.now()` after which it is late; 0 = no limit at present. It may be changed at any time. */
  deadline: number;
  /** Its place in the watch, kept by the watch; -1 = not watched. */
  slot: number;
  /** Called once when it is late; `deadline` is 0 then. */
  late(): void;
}

/**
 * Watches the deadlines of what is in flight with one timer for all, instead of one or two for each response. The list is an array with places that are handed on: a `Set` with such traffic leaves its old hash tables behind,
 * each pointing to the next, and V8's scavenger then keeps all that ever stood in them until the next full collection.
 */
export class Deadlines {
  readonly #watched: Timed[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `resolution`: how late a deadline may be noticed, in milliseconds. */
  constructor(private readonly resolution = 50) {}

  watch(timed: Timed): void {
    if (timed.slot !== -1) return;
    timed.slot = this.#watched.push(timed) - 1;
    this.#timer ??= setInterval(() => this.#check(), this.resolution).unref();
  }

  forget(timed: Timed): void {
    if (timed.slot === -1) return;
    const last = this.#watched.pop()!;
    if (last !== timed) {
      this.#watched[timed.slot] = last;
      last.slot = timed.slot;
    }
    timed.slot = -1;
  }

  #check(): void {
    if (this.#watched.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const now = performance.now();
    // From the end: `late` may forget the one that it is called on, and the last one then takes its place.
    for (let i = this.#watched.length - 1; i >= 0; i--) {
      const timed = this.#watched[i];
      if (timed === undefined || timed.deadline === 0 || timed.deadline > now) continue;
      timed.deadline = 0;
      timed.late();
    }
  }
}
