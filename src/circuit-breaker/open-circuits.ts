/** How many circuits of one upstream are not closed, and how many of them soft failures may open: its `maxOpen`. */
export class OpenCircuits {
  /** Circuits that are open or half-open, whatever opened them. Each circuit counts itself. */
  count = 0;
  readonly #most: number;

  /** `share` of the circuits, 0..1, rounded down; always one. */
  constructor(share: number, circuits: number) {
    // 0.29 × 100 is 28.999…, and means 29.
    this.#most = Math.max(1, Math.floor(share * circuits + 1e-9));
  }

  /** Soft failures may open no further one. */
  get isFull(): boolean {
    return this.count >= this.#most;
  }
}
