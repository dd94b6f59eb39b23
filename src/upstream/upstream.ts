import { LiveBackend, type BackendDefinition } from './live-backend.js';
import { SlowStart } from './slow-start.js';

/** What an upstream is made of: one entry of `upstreams`. */
export interface UpstreamDefinition {
  readonly backends: readonly BackendDefinition[];
  readonly strategy: { readonly name: string };
  /** Milliseconds over which a backend that comes back ramps up to its weight; 0 = off. */
  readonly slowStart: number;
  /** Share of primaries (draining ones left out) without a veto, 0..1, below which the panic begins; 0 = never. */
  readonly panicThreshold: number;
}

/**
 * A named group of backends. `available` is republished, frozen, whenever its members or their weights change, so that
 * the work is done on change and not for each request. It has, the first that applies:
 *
 * 1. in panic, when fewer primaries than `panicThreshold` have no veto: all primaries but the draining ones, whatever their
 *    other vetoes. When so many look broken, what says so is more likely to be, and all of them carry the load better than a few.
 * 2. the primaries without a veto;
 * 3. the backups without a veto. So with a threshold above 0 they take first attempts only while every primary is draining.
 *
 * While these are not the backups, `spares` has the backups without a veto: what all of `available` have failed goes there.
 *
 * With `slowStart`, a backend whose last veto is lifted ramps up to its weight; not one that a panic has kept in use.
 */
export class Upstream {
  readonly backends: readonly LiveBackend[];
  /** Name of the strategy that picks among them. */
  readonly strategy: string;
  /** A new array for every change of its members or of their weights, never mutated. */
  available: readonly LiveBackend[] = [];
  /** For exchanges whom each of `available` has failed. Empty while the backups are available; published like `available`. */
  spares: readonly LiveBackend[] = [];
  /** The panic threshold holds. */
  panicking = false;
  readonly #panicThreshold: number;
  readonly #slowStart: SlowStart;
  readonly #listeners: (() => void)[] = [];

  constructor(
    readonly name: string,
    { backends, strategy, slowStart, panicThreshold }: UpstreamDefinition,
  ) {
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

  /** Has `listener` called after each change: of the vetoes of a backend, or of weights. In the order of registration. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
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
    // Strategies rebuild their tables for a new array: a second veto on the same backend is no reason to.
    if (reweighted || !isSame(available, this.available)) this.available = Object.freeze(available);
    const spares = available === usable ? [] : usable.filter(backend => backend.backup);
    if (reweighted || !isSame(spares, this.spares)) this.spares = Object.freeze(spares);
    for (const listener of this.#listeners) listener();
  }

  /** What a panic makes available; empty: there is no panic. */
  #panicked(usable: number): LiveBackend[] {
    // Whoever drains does so because the operator says so: it tells nothing of how many are broken.
    const primaries = this.backends.filter(backend => !backend.backup && !backend.vetoes.has('draining'));
    return usable / primaries.length < this.#panicThreshold ? primaries : [];
  }
}

function isSame(one: readonly LiveBackend[], other: readonly LiveBackend[]): boolean {
  return one.length === other.length && one.every((backend, index) => backend === other[index]);
}
