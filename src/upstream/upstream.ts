import { ChangeSource } from '../changes/change-source.js';
import { LiveBackend, type BackendDefinition } from './live-backend.js';
import { SlowStart } from './slow-start.js';

/** The definition of an upstream: one entry of `upstreams`. */
export interface UpstreamDefinition {
  readonly backends: readonly BackendDefinition[];
  readonly strategy: { readonly name: string };
  /** Milliseconds over which a backend that comes back ramps up to its weight; 0 = off. */
  readonly slowStart: number;
  /** The panic begins when a smaller share of the primaries (draining ones left out) than this, 0..1, has no veto; 0 = never. */
  readonly panicThreshold: number;
}

/**
 * A named group of backends. `available` is replaced by a new frozen array whenever its members or their weights change, so
 * that the work is done for each change and not for each request. It holds the first of these that is not empty:
 *
 * 1. in panic, when fewer primaries than `panicThreshold` have no veto: all primaries but the draining ones, in spite of their
 *    other vetoes. When so many look broken, the checks are more likely to be wrong, and all primaries carry the load better
 *    than a few.
 * 2. the primaries without a veto;
 * 3. the backups without a veto. With a threshold above 0, backups therefore take first attempts only while every primary is
 *    draining.
 *
 * While `available` does not hold the backups, `spares` holds the backups without a veto: requests go there when all of
 * `available` have failed them.
 *
 * With `slowStart`, a backend whose last veto is lifted ramps up to its weight, unless a panic has kept it in use.
 *
 * Its listeners hear of each change of the vetoes of a backend or of weights.
 */
export class Upstream extends ChangeSource {
  readonly backends: readonly LiveBackend[];
  /** Name of the strategy that picks among them. */
  readonly strategy: string;
  /** A new array for every change of its members or of their weights, never mutated. */
  available: readonly LiveBackend[] = [];
  /**
   * Backups for exchanges that every backend of `available` has failed. Empty while `available` holds the backups; replaced in
   * the same way as `available`.
   */
  spares: readonly LiveBackend[] = [];
  /** Whether a panic is on: fewer primaries than the panic threshold have no veto. */
  panicking = false;
  readonly #panicThreshold: number;
  readonly #slowStart: SlowStart;

  constructor(
    readonly name: string,
    { backends, strategy, slowStart, panicThreshold }: UpstreamDefinition,
  ) {
    super();
    this.strategy = strategy.name;
    this.#panicThreshold = panicThreshold;
    this.#slowStart = new SlowStart(slowStart, () => this.#republish(true));
    this.backends = Object.freeze(
      backends.map(each => {
        const backend: LiveBackend = new LiveBackend(each, () => this.#vetoesChanged(backend));
        return backend;
      }),
    );
    this.#republish(true);
  }

  #vetoesChanged(backend: LiveBackend): void {
    const isBack = backend.vetoes.size === 0 && !this.available.includes(backend);
    const reweighted = isBack ? this.#slowStart.start(backend) : this.#slowStart.end(backend);
    this.#republish(reweighted);
  }

  #republish(reweighted: boolean): void {
    const usable = this.backends.filter(backend => backend.vetoes.size === 0);
    const primaries = usable.filter(backend => !backend.backup);
    const panicked = this.#panicked(primaries.length);
    this.panicking = panicked.length > 0;
    const available = this.panicking ? panicked : primaries.length > 0 ? primaries : usable;
    // Strategies rebuild their tables for a new array, so a second veto on the same backend must not make one.
    if (reweighted || !isSame(available, this.available)) this.available = Object.freeze(available);
    const spares = available === usable ? [] : usable.filter(backend => backend.backup);
    if (reweighted || !isSame(spares, this.spares)) this.spares = Object.freeze(spares);
    this.changed();
  }

  /** The backends that a panic makes available; empty: there is no panic. */
  #panicked(usable: number): LiveBackend[] {
    // Draining backends are left out: the operator drains them, which says nothing about how many are broken.
    const primaries = this.backends.filter(backend => !backend.backup && !backend.vetoes.has('draining'));
    return usable / primaries.length < this.#panicThreshold ? primaries : [];
  }
}

function isSame(one: readonly LiveBackend[], other: readonly LiveBackend[]): boolean {
  return one.length === other.length && one.every((backend, index) => backend === other[index]);
}
