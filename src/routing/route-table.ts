import { Route, type RouteMatch } from './compiled-route.js';
import { inMatchingOrder, type Entry } from './entry.js';
import { HostTrees } from './host-trees.js';
import type { RouteDefinition, RouteQuery } from './route.js';

/**
 * The compiled routes of one configuration. Immutable. The order in which routes are tried is that of `inMatchingOrder`; a route
 * whose host and path fit but whose methods, headers or query do not is passed over for the next, down to any host, and then to those of
 * the next priority.
 */
export class RouteTable<D extends RouteDefinition = RouteDefinition> {
  /** In the order of the file. */
  readonly routes: readonly Route<D>[];
  /** In matching order. */
  readonly entries: readonly Entry<D>[];
  /** Those of the highest priority: all, where the file gives none. */
  readonly #first: HostTrees<D>;
  /** Those of lower priorities, the highest first. */
  readonly #others: readonly HostTrees<D>[];

  private constructor(definitions: readonly D[]) {
    this.routes = definitions.map((definition, index) => new Route(definition, index));
    this.entries = inMatchingOrder(this.routes);
    const foldsCase = this.entries.some(({ pattern }) => pattern.foldsCase);
    const byPriority = new Map<number, Entry<D>[]>();
    for (const entry of this.entries) {
      const { priority } = entry.route;
      const same = byPriority.get(priority);
      if (same === undefined) byPriority.set(priority, [entry]);
      else same.push(entry);
    }
    const [first, ...others] = Array.from(byPriority.values(), entries => new HostTrees(entries, foldsCase));
    this.#first = first ?? new HostTrees([], foldsCase);
    this.#others = others;
  }

  /** Compiles routes, given in the order of the file. Throws a RouteError that names the route when one is not well formed. */
  static compile<D extends RouteDefinition>(definitions: readonly D[]): RouteTable<D> {
    return new RouteTable(definitions);
  }

  /** Tree nodes that all lookups have visited so far: a measure of their work. */
  get visits(): number {
    return [this.#first, ...this.#others].reduce((sum, { visits }) => sum + visits, 0);
  }

  /** The route for a request, or undefined. Its cost depends on the path, the host and how many priorities there are, not on the number of routes. */
  match(request: RouteQuery): RouteMatch<D> | undefined {
    const first = this.#first.match(request);
    return first !== undefined || this.#others.length === 0 ? first : this.#matchOthers(request);
  }

  #matchOthers(request: RouteQuery): RouteMatch<D> | undefined {
    for (const trees of this.#others) {
      const found = trees.match(request);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The entries whose host and path fit a request, in the order in which {@link match} tries them: the first whose conditions hold is the match. For explanations. */
  *fitting(request: RouteQuery): Generator<Entry<D>> {
    // The trees hold the entries themselves.
    for (const trees of [this.#first, ...this.#others]) yield* trees.fitting(request) as Generator<Entry<D>>;
  }
}
