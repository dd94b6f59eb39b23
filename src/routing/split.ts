interface Share {
  readonly upstream: string;
  readonly weight: number;
  turn: number;
}

/**
 * Divides the requests of a route among upstreams by weight. Smooth weighted round-robin: exact over each round of as many
 * requests as the weights add up to, and spread evenly within it (5:1 gives a a a b a a, never a burst). Not random, so small
 * shares are exact too.
 */
export class Split {
  readonly #shares: Share[];
  readonly #total: number;

  /** Weights are whole or fractional numbers from 0; 0 takes no requests. Throws an Error when they do not add up to more than 0. */
  constructor(shares: readonly { readonly upstream: string; readonly weight: number }[]) {
    this.#shares = shares.map(({ upstream, weight }) => ({ upstream, weight, turn: 0 }));
    this.#total = shares.reduce((sum, { weight }) => sum + weight, 0);
    if (!(this.#total > 0) || shares.some(({ weight }) => weight < 0))
      throw new Error('split: the weights must add up to more than 0');
  }

  /** The upstream that {@link next} would give. */
  get upcoming(): string {
    const shares = this.#shares.filter(({ weight }) => weight > 0);
    return shares.reduce((best, share) => (share.turn + share.weight > best.turn + best.weight ? share : best))
      .upstream;
  }

  /** The upstream of the next request. */
  next(): string {
    let best: Share | undefined;
    for (const share of this.#shares) {
      if (share.weight === 0) continue;
      share.turn += share.weight;
      if (best === undefined || share.turn > best.turn) best = share;
    }
    if (best === undefined) throw new Error('split: no upstream has a weight');
    best.turn -= this.#total;
    return best.upstream;
  }
}
