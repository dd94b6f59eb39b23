import { Prepared, type LivePart, type Transition } from '../config/live/transition.js';
import { Upstream, type UpstreamDefinition } from './upstream.js';

/** All upstreams of a gateway by name, in the order of the configuration. */
export class Upstreams implements Iterable<Upstream>, LivePart {
  #byName: ReadonlyMap<string, Upstream>;
  readonly #next = new Prepared<ReadonlyMap<string, Upstream>>();
  readonly #listeners: ((upstream: Upstream) => void)[] = [];

  constructor(definitions: Iterable<readonly [string, UpstreamDefinition]>) {
    this.#byName = new Map(
      Array.from(definitions, ([name, definition]) => [name, this.#make(name, definition)] as const),
    );
  }

  /** The upstream of that name. Throws when there is none, which is a bug: the names of a configuration are checked when it is loaded. */
  get(name: string): Upstream {
    const upstream = this.#byName.get(name);
    if (upstream === undefined) throw new Error(`no upstream is named "${name}"`);
    return upstream;
  }

  [Symbol.iterator](): Iterator<Upstream> {
    return this.#byName.values();
  }

  /**
   * Calls `listener` after each change of the backends of an upstream, their vetoes or weights: also of upstreams that come later, and of backends
   * that are removed and still have exchanges.
   */
  onChange(listener: (upstream: Upstream) => void): void {
    this.#listeners.push(listener);
  }

  /** The upstreams after a transition: the same objects for the same names. */
  next(transition: Transition): ReadonlyMap<string, Upstream> {
    return this.#next.get(transition);
  }

  prepare(transition: Transition): void {
    const { from, to } = transition;
    const drainTime = to.shutdown.grace;
    const next = new Map<string, Upstream>();
    for (const [name, definition] of to.upstreams) {
      const known = this.#byName.get(name);
      next.set(name, known ?? this.#make(name, definition));
      if (known === undefined || definition === from.upstreams.get(name)) continue;
      const backends = known.backendsOf(definition);
      transition.onCommit(() => known.update(definition, backends, drainTime));
      transition.afterCommit(() => known.announce());
    }
    this.#next.set(transition, next);
    transition.onCommit(() => {
      const gone = [...this.#byName.values()].filter(({ name }) => !next.has(name));
      this.#byName = next;
      for (const upstream of gone) upstream.end(drainTime);
      transition.afterCommit(() => {
        for (const upstream of gone) upstream.announce();
      });
    });
  }

  #make(name: string, definition: UpstreamDefinition): Upstream {
    const upstream = new Upstream(name, definition);
    upstream.onChange(() => {
      for (const listener of this.#listeners) listener(upstream);
    });
    return upstream;
  }
}
