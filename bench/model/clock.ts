interface Event {
  readonly time: number;
  /** Events of one time happen in the order in which they were planned. */
  readonly order: number;
  readonly happen: () => void;
}

/** The clock of a simulation: what is planned happens in the order of its time, and no time passes in between. Seconds. */
export class Clock {
  /** A binary heap: the next event is at the front. */
  readonly #heap: Event[] = [];
  #planned = 0;
  #now = 0;

  get now(): number {
    return this.#now;
  }

  /** Plans something `delay` seconds from now. */
  after(delay: number, happen: () => void): void {
    const event = { time: this.#now + Math.max(0, delay), order: this.#planned++, happen };
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent]!, event)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  /** Has everything happen that is planned until then, and what follows from it. Default: until nothing is planned. */
  run(until = Infinity): void {
    while (this.#heap.length > 0 && this.#heap[0]!.time <= until) {
      const { happen, time } = this.#take();
      this.#now = time;
      happen();
    }
    if (until !== Infinity) this.#now = until;
  }

  #take(): Event {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (isBefore(last, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.time === other.time ? one.order < other.order : one.time < other.time;
}
