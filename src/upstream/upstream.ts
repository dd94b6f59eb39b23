import { ChangeSource } from '../changes/change-source.js';
import { LiveBackend, type BackendDefinition } from './live-backend.js';
import type { BackendLoad } from './load/backend-load.js';
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

/** What is set for a backend by hand. */
interface SetByHand {
  /** Why it drains, for people; undefined: it does not. */
  readonly drained: string | undefined;
  /** 0..1000; undefined: the weight of the configuration. */
  readonly weight: number | undefined;
}

/** Where what the backends carry is counted for several threads. */
export interface Loads {
  /** Undefined: for this thread alone. */
  of(upstream: string, backend: string): BackendLoad | undefined;
}

const removed = 'removed from the upstream';

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
 * A backend whose weight was set to 0 by hand is in none of them, and does not count for the panic.
 *
 * While `available` does not hold the backups, `spares` holds the backups without a veto: requests go there when all of
 * `available` have failed them.
 *
 * With `slowStart`, a backend whose last veto is lifted ramps up to its weight, unless a panic has kept it in use.
 *
 * Its listeners hear of each change of the vetoes of a backend or of weights.
 */
export class Upstream extends ChangeSource {
  /** In the order of the configuration, then those that discovery has found; a new array when that changes. */
  backends: readonly LiveBackend[] = [];
  /** Name of the strategy that picks among them. */
  strategy: string;
  /** A new array for every change of its members or of their weights, never mutated. */
  available: readonly LiveBackend[] = [];
  /**
   * Backups for exchanges that every backend of `available` has failed. Empty while `available` holds the backups; replaced in
   * the same way as `available`.
   */
  spares: readonly LiveBackend[] = [];
  /** Whether a panic is on: fewer primaries than the panic threshold have no veto. */
  panicking = false;
  /** Why discovery cannot say which backends there are now; undefined: it can, or there is none. */
  discoveryFailure: string | undefined;
  #panicThreshold: number;
  readonly #slowStart: SlowStart;
  /** The same as {@link backends}: there may be thousands. */
  #members: ReadonlySet<LiveBackend> = new Set();
  /** Backends that are removed, while they have exchanges; each with the timer after which it drains. */
  readonly #leaving = new Map<LiveBackend, NodeJS.Timeout>();
  /** It is being changed, and its listeners hear of it when the others of its configuration are as well. */
  #isQuiet = false;

  constructor(
    readonly name: string,
    { backends, strategy, slowStart, panicThreshold }: UpstreamDefinition,
    private readonly loads?: Loads,
  ) {
    super();
    this.strategy = strategy.name;
    this.#panicThreshold = panicThreshold;
    this.#slowStart = new SlowStart(slowStart, () => this.#republish(true));
    this.#take(backends.map(each => this.#make(each)));
    this.#republish(true);
  }

  /** Backends that are removed and still have exchanges. */
  get leaving(): readonly LiveBackend[] {
    for (const backend of this.#leaving.keys()) if (backend.inFlight === 0) this.#forget(backend);
    return [...this.#leaving.keys()];
  }

  /** One of its backends is to be left by streams and tunnels. */
  get isDraining(): boolean {
    return [...this.backends, ...this.#leaving.keys()].some(({ vetoes }) => vetoes.has('draining'));
  }

  /** The backends of another definition: those that are here already where they are the same servers. Changes nothing. */
  backendsOf({ backends }: UpstreamDefinition): readonly LiveBackend[] {
    const known = new Map([...this.leaving, ...this.backends].map(backend => [backend.id, backend]));
    return backends.map(each => {
      const same = known.get(each.id);
      return same?.isAt(each) === true ? same : this.#make(each);
    });
  }

  /**
   * Takes another definition, with the backends that {@link backendsOf} has made for it. Those that are new ramp up to their weight
   * (`slowStart`). Those that are gone get no new exchanges, finish what they have, and drain after `drainTime` milliseconds: their tunnels and
   * event streams are ended then. Listeners hear of it with {@link announce}.
   */
  update(definition: UpstreamDefinition, next: readonly LiveBackend[], drainTime: number): void {
    this.#isQuiet = true;
    this.strategy = definition.strategy.name;
    this.#panicThreshold = definition.panicThreshold;
    this.#slowStart.duration = definition.slowStart;
    const before = this.#members;
    this.#take(next);
    let reweighted = false;
    for (const [index, backend] of next.entries()) {
      if (backend.redefine(definition.backends[index]!)) reweighted = true;
      if (before.has(backend)) continue;
      if (backend.vetoes.has('removed')) this.#takeBack(backend);
      // Where there was none, all traffic goes to the new ones at once.
      if (before.size > 0 && this.#slowStart.start(backend)) reweighted = true;
    }
    for (const backend of before) if (!this.#members.has(backend)) this.#remove(backend, drainTime);
    this.#republish(reweighted);
  }

  /** Removes all its backends, as {@link update} does. */
  end(drainTime: number): void {
    this.#isQuiet = true;
    const before = this.backends;
    this.#take([]);
    for (const backend of before) this.#remove(backend, drainTime);
    this.#republish(true);
  }

  /** Puts what is set by hand for one of its backends into force, in the place of what was. Returns whether anything differs. */
  setByHand(backend: LiveBackend, { drained, weight }: SetByHand): boolean {
    const [wasUsable, wasDraining] = [backend.isUsable, backend.vetoes.has('draining')];
    const reweighted = backend.reweigh(weight);
    if (reweighted && this.#members.has(backend)) {
      if (!backend.isUsable) this.#slowStart.end(backend);
      else if (!wasUsable) this.#slowStart.start(backend);
      this.#republish(true);
    }
    if (drained === undefined) backend.lift('draining', 'hand');
    else backend.veto('draining', drained, 'hand');
    return reweighted || wasDraining !== backend.vetoes.has('draining');
  }

  /** Tells the listeners of an {@link update} or {@link end}. */
  announce(): void {
    this.#isQuiet = false;
    this.changed();
  }

  #take(backends: readonly LiveBackend[]): void {
    this.backends = Object.freeze([...backends]);
    this.#members = new Set(backends);
  }

  #make(definition: BackendDefinition): LiveBackend {
    const backend: LiveBackend = new LiveBackend(
      definition,
      () => this.#vetoesChanged(backend),
      this.loads?.of(this.name, definition.id),
    );
    return backend;
  }

  #remove(backend: LiveBackend, drainTime: number): void {
    this.#slowStart.end(backend);
    if (backend.inFlight > 0) {
      const drain = setTimeout(() => backend.veto('draining', removed, 'removal'), drainTime).unref();
      this.#leaving.set(backend, drain);
    }
    backend.veto('removed', removed);
  }

  #forget(backend: LiveBackend): void {
    clearTimeout(this.#leaving.get(backend));
    this.#leaving.delete(backend);
  }

  #takeBack(backend: LiveBackend): void {
    this.#forget(backend);
    backend.lift('draining', 'removal');
    backend.lift('removed');
  }

  #vetoesChanged(backend: LiveBackend): void {
    if (!this.#members.has(backend)) return this.#tell();
    const isBack = backend.isUsable && !this.available.includes(backend);
    const reweighted = isBack ? this.#slowStart.start(backend) : this.#slowStart.end(backend);
    this.#republish(reweighted);
  }

  #republish(reweighted: boolean): void {
    const usable = this.backends.filter(backend => backend.isUsable);
    const primaries = usable.filter(backend => !backend.backup);
    const panicked = this.#panicked(primaries.length);
    this.panicking = panicked.length > 0;
    const available = this.panicking ? panicked : primaries.length > 0 ? primaries : usable;
    // Strategies rebuild their tables for a new array, so a second veto on the same backend must not make one.
    if (reweighted || !isSame(available, this.available)) this.available = Object.freeze(available);
    const spares = available === usable ? [] : usable.filter(backend => backend.backup);
    if (reweighted || !isSame(spares, this.spares)) this.spares = Object.freeze(spares);
    this.#tell();
  }

  #tell(): void {
    if (!this.#isQuiet) this.changed();
  }

  /** The backends that a panic makes available; empty: there is no panic. */
  #panicked(usable: number): LiveBackend[] {
    // Draining backends and those of weight 0 are left out: the operator has done that, which says nothing about how many are broken.
    const primaries = this.backends.filter(
      backend => !backend.backup && backend.weight > 0 && !backend.vetoes.has('draining'),
    );
    return usable / primaries.length < this.#panicThreshold ? primaries : [];
  }
}

function isSame(one: readonly LiveBackend[], other: readonly LiveBackend[]): boolean {
  return one.length === other.length && one.every((backend, index) => backend === other[index]);
}
