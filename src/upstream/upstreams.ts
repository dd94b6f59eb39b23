import { Prepared, type LivePart, type Transition } from '../config/live/transition.js';
import type { BackendDefinition } from './live-backend.js';
import { Upstream, type Loads, type UpstreamDefinition } from './upstream.js';

/** The definition of an upstream, and whether more of its backends are found while it serves. */
interface FoundUpstreamDefinition extends UpstreamDefinition {
  readonly discovery?: unknown;
}

/** All upstreams of a gateway by name, in the order of the configuration. */
export class Upstreams implements Iterable<Upstream>, LivePart {
  #definitions: ReadonlyMap<string, FoundUpstreamDefinition>;
  #byName: ReadonlyMap<string, Upstream>;
  /** What discovery has found last, by upstream. */
  readonly #found = new Map<string, readonly BackendDefinition[]>();
  readonly #next = new Prepared<ReadonlyMap<string, Upstream>>();
  readonly #followers: ((upstream: Upstream) => void)[] = [];
  readonly #listeners: ((upstream: Upstream) => void)[] = [];

  /** `loads`: default: what the backends carry is counted for this thread alone. @internal */
  constructor(
    definitions: Iterable<readonly [string, FoundUpstreamDefinition]>,
    private readonly loads?: Loads,
  ) {
    this.#definitions = new Map(definitions);
    this.#byName = new Map(
      Array.from(this.#definitions, ([name, definition]) => [name, this.#make(name, definition)] as const),
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

  /**
   * Calls `follower` when discovery has changed which backends an upstream has, before the listeners of {@link onChange} and any request see them:
   * for what each backend needs to be used. It must not throw. In a transition, parts follow in their turn.
   */
  onFound(follower: (upstream: Upstream) => void): void {
    this.#followers.push(follower);
  }

  /**
   * Gives an upstream these backends beside those of its configuration, in the place of what was found before. Of two with one id, that of the
   * configuration stands. Those that are gone finish what they have, for at most `drainTime` milliseconds.
   */
  found(name: string, backends: readonly BackendDefinition[], drainTime: number): void {
    const upstream = this.get(name);
    this.#found.set(name, backends);
    const definition = this.#withFound(name, this.#definitions.get(name)!);
    upstream.update(definition, upstream.backendsOf(definition), drainTime);
    for (const follow of this.#followers) follow(upstream);
    upstream.announce();
  }

  /** What discovery has found last for an upstream; undefined: it has found nothing yet. */
  foundOf(name: string): readonly BackendDefinition[] | undefined {
    return this.#found.get(name);
  }

  /** The upstreams after a transition: the same objects for the same names. */
  next(transition: Transition): ReadonlyMap<string, Upstream> {
    return this.#next.get(transition);
  }

  /** Backends that were found stay as long as the upstream has a discovery, until the one that it has then finds others. */
  prepare(transition: Transition): void {
    const { from, to } = transition;
    const drainTime = to.shutdown.grace;
    const next = new Map<string, Upstream>();
    const changed: [Upstream, FoundUpstreamDefinition][] = [];
    for (const [name, definition] of to.upstreams) {
      const known = this.#byName.get(name);
      next.set(name, known ?? this.#make(name, definition));
      if (known !== undefined && definition !== from.upstreams.get(name)) changed.push([known, definition]);
    }
    this.#next.set(transition, next);
    const gone = [...this.#byName.values()].filter(({ name }) => !next.has(name));
    transition.onCommit(() => {
      this.#definitions = to.upstreams;
      this.#byName = next;
      for (const name of this.#found.keys())
        if (to.upstreams.get(name)?.discovery === undefined) this.#found.delete(name);
      // Not before: discovery may have found others while the parts above prepared.
      for (const [upstream, written] of changed) {
        const definition = this.#withFound(upstream.name, written);
        upstream.update(definition, upstream.backendsOf(definition), drainTime);
      }
      for (const upstream of gone) upstream.end(drainTime);
    });
    transition.afterCommit(() => {
      for (const upstream of [...changed.map(([each]) => each), ...gone]) upstream.announce();
    });
  }

  #withFound(name: string, definition: UpstreamDefinition): UpstreamDefinition {
    const { backends, panicThreshold, slowStart, strategy } = definition;
    const written = new Set(backends.map(({ id }) => id));
    const found = (this.#found.get(name) ?? []).filter(({ id }) => !written.has(id));
    return { strategy, slowStart, panicThreshold, backends: [...backends, ...found] };
  }

  #make(name: string, definition: UpstreamDefinition): Upstream {
    const upstream = new Upstream(name, definition, this.loads);
    upstream.onChange(() => {
      for (const listener of this.#listeners) listener(upstream);
    });
    return upstream;
  }
}
