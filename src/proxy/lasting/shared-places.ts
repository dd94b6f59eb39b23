import type { CountSpace } from '../../shared-memory/count-table.js';
import { Places } from './places.js';

/** Counts the event streams or tunnels that are open in all threads together; `open` are those of this thread. */
export class SharedPlaces extends Places {
  /** The places that this thread has taken, which are all the same to it. */
  readonly #taken: number[] = [];

  /** `counts`: a namespace that is for these places alone, in each thread the same. */
  constructor(
    private readonly counts: CountSpace,
    max: number,
  ) {
    super(max);
  }

  override get hasRoom(): boolean {
    return this.counts.count('') < this.max;
  }

  override tryEnter(): boolean {
    return this.#take(this.max);
  }

  override enter(): void {
    this.#take(Infinity);
  }

  override leave(): void {
    this.open--;
    this.counts.leave(this.#taken.pop()!);
  }

  #take(limit: number): boolean {
    const place = this.counts.enter('', limit);
    if (place < 0) return false;
    this.#taken.push(place);
    this.open++;
    return true;
  }
}
