/** A worker that has lived for so many milliseconds was well. */
const wellAfter = 30_000;
const longest = 30_000;

/** How long to wait before a worker that has died is replaced: not at all the first time, then longer each time it dies soon. */
export class RestartDelay {
  #deaths = 0;

  /** Milliseconds to wait now. `lived`: how long the worker has carried traffic, in milliseconds. */
  next(lived: number): number {
    if (lived >= wellAfter) this.#deaths = 0;
    const delay = this.#deaths === 0 ? 0 : Math.min(longest, 500 * 2 ** (this.#deaths - 1));
    this.#deaths++;
    return delay;
  }
}
