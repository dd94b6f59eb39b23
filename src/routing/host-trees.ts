import type { RouteMatch } from './compiled-route.js';
import type { Entry } from './entry.js';
import { PathTree } from './path-tree.js';
import type { RouteDefinition, RouteQuery } from './route.js';

/** The paths of all hosts of routes with the same priority. Immutable. */
export class HostTrees<D extends RouteDefinition> {
  readonly #exact = new Map<string, PathTree<D>>();
  readonly #wildcards = new Map<string, PathTree<D>>();
  readonly #any: PathTree<D>;
  readonly #longestWildcard: number;

  /** `entries`: in matching order. */
  constructor(entries: readonly Entry<D>[], foldsCase: boolean) {
    this.#any = new PathTree(foldsCase);
    for (const entry of entries) {
      const { hosts } = entry;
      if (hosts.kind === 'any') this.#any.add(entry);
      const trees = hosts.kind === 'exact' ? this.#exact : this.#wildcards;
      for (const name of hosts.names) treeOf(trees, name, foldsCase).add(entry);
    }
    this.#longestWildcard = Math.max(0, ...[...this.#wildcards.keys()].map(name => name.length));
  }

  get visits(): number {
    let visits = this.#any.visits;
    for (const tree of this.#exact.values()) visits += tree.visits;
    for (const tree of this.#wildcards.values()) visits += tree.visits;
    return visits;
  }

  match(request: RouteQuery): RouteMatch<D> | undefined {
    const { host } = request;
    const exact = this.#exact.get(host)?.find(request);
    if (exact !== undefined) return exact;
    if (this.#wildcards.size > 0) {
      for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
        if (host.length - dot - 1 > this.#longestWildcard) continue;
        const found = this.#wildcards.get(host.slice(dot + 1))?.find(request);
        if (found !== undefined) return found;
      }
    }
    return this.#any.find(request);
  }

  /** All that {@link match} would come to, one after the other, if no conditions held. */
  *fitting(request: RouteQuery): Generator<RouteMatch<D>> {
    const { host } = request;
    yield* this.#exact.get(host)?.fitting(request) ?? [];
    for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1))
      yield* this.#wildcards.get(host.slice(dot + 1))?.fitting(request) ?? [];
    yield* this.#any.fitting(request);
  }
}

function treeOf<D extends RouteDefinition>(
  trees: Map<string, PathTree<D>>,
  name: string,
  foldsCase: boolean,
): PathTree<D> {
  const tree = trees.get(name) ?? new PathTree<D>(foldsCase);
  trees.set(name, tree);
  return tree;
}
