/** Something that may take only so long. */
export interface Timed {
  /** `performance.now()` after which it is late; 0 = no limit at present. It may be changed at any time. */
  deadline: number;
  /** Called once when it is late; `deadline` is 0 then. */
  late(): void;
}

/** How late a deadline may be noticed, in milliseconds. */
const resolution = 50;

/**
 * Watches the deadlines of what is in flight with one timer for all. A timer of its own for each response (as undici's parser
 * sets) costs more than the rest of the watch: cancelled timers outlive their request and fill the garbage collector's hands.
 */
export class Deadlines {
  readonly #watched = new Set<Timed>();
  #timer: NodeJS.Timeout | undefined;

  watch(timed: Timed): void {
    this.#watched.add(timed);
    this.#timer ??= setInterval(() => this.#check(), resolution).unref();
  }

  forget(timed: Timed): void {
    this.#watched.delete(timed);
  }

  #check(): void {
    if (this.#watched.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const now = performance.now();
    for (const timed of this.#watched) {
      if (timed.deadline === 0 || timed.deadline > now) continue;
      timed.deadline = 0;
      timed.late();
    }
  }
}
