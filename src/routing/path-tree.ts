import { Candidates } from './candidates.js';
import type { RouteMatch } from './compiled-route.js';
import { onlyPath } from './path-pattern.js';
import type { RouteDefinition, RouteQuery } from './route.js';

interface Node<D extends RouteDefinition> {
  readonly statics: Map<string, Node<D>>;
  param: Node<D> | undefined;
  /** Routes for paths that end here. */
  end: Candidates<D> | undefined;
  /** Routes for paths that end here or continue: `/*`. */
  prefix: Candidates<D> | undefined;
}

/**
 * The paths of one host pattern. A path without parameters is one lookup in a map; the others are a tree of segments, walked
 * depth first in the order of specificity. Each node has one parent and one depth, so a lookup of any path visits no node
 * twice, and goes no deeper than the longest pattern even when the path is longer.
 */
export class PathTree<D extends RouteDefinition> {
  readonly #exact = new Map<string, Candidates<D>>();
  readonly #root: Node<D> = newNode();
  #visits = 0;

  /** `foldsCase`: some pattern ignores case. All are then looked up in lower case, and the case of the others is compared afterwards. */
  constructor(private readonly foldsCase = false) {}

  /** How many nodes lookups have visited so far. */
  get visits(): number {
    return this.#visits;
  }

  /** Adds a route's path. Of routes with the same path, the one added first is tried first. */
  add(match: RouteMatch<D>): void {
    const path = onlyPath(match.pattern);
    if (path !== undefined) {
      const key = this.#key(path);
      const candidates = this.#exact.get(key) ?? new Candidates(this.foldsCase);
      this.#exact.set(key, candidates);
      candidates.add(match);
      return;
    }
    let node = this.#root;
    for (const segment of match.pattern.segments) {
      node = segment.kind === 'static' ? staticChild(node, this.#key(segment.text)) : (node.param ??= newNode());
    }
    if (match.pattern.isPrefix) (node.prefix ??= new Candidates(this.foldsCase)).add(match);
    else (node.end ??= new Candidates(this.foldsCase)).add(match);
  }

  #key(text: string): string {
    return this.foldsCase ? text.toLowerCase() : text;
  }

  /** The most specific path that matches and whose route's conditions hold. */
  find(request: RouteQuery): RouteMatch<D> | undefined {
    const path = this.foldsCase ? request.routingPath.toLowerCase() : request.routingPath;
    const exact = this.#exact.get(path)?.first(request);
    if (exact !== undefined) return exact;
    if (path === '*') return this.#root.prefix?.first(request);
    return this.#walk(this.#root, path, 1, request);
  }

  #walk(node: Node<D>, path: string, start: number, request: RouteQuery): RouteMatch<D> | undefined {
    this.#visits++;
    if (start > path.length) return node.end?.first(request) ?? node.prefix?.first(request);
    if (node.statics.size > 0 || node.param !== undefined) {
      const slash = path.indexOf('/', start);
      const end = slash === -1 ? path.length : slash;
      const child = node.statics.size > 0 ? node.statics.get(path.slice(start, end)) : undefined;
      const found = child === undefined ? undefined : this.#walk(child, path, end + 1, request);
      if (found !== undefined) return found;
      if (node.param !== undefined && end > start) {
        const byParam = this.#walk(node.param, path, end + 1, request);
        if (byParam !== undefined) return byParam;
      }
    }
    return node.prefix?.first(request);
  }

  /** All that {@link find} would come to, one after the other, if no conditions held: for explanations. */
  *fitting(request: RouteQuery): Generator<RouteMatch<D>> {
    const path = this.foldsCase ? request.routingPath.toLowerCase() : request.routingPath;
    yield* this.#exact.get(path)?.fitting(request) ?? [];
    if (path === '*') yield* this.#root.prefix?.fitting(request) ?? [];
    else yield* this.#fitting(this.#root, path, 1, request);
  }

  *#fitting(node: Node<D>, path: string, start: number, request: RouteQuery): Generator<RouteMatch<D>> {
    if (start > path.length) yield* node.end?.fitting(request) ?? [];
    else {
      const slash = path.indexOf('/', start);
      const end = slash === -1 ? path.length : slash;
      const child = node.statics.get(path.slice(start, end));
      if (child !== undefined) yield* this.#fitting(child, path, end + 1, request);
      if (node.param !== undefined && end > start) yield* this.#fitting(node.param, path, end + 1, request);
    }
    yield* node.prefix?.fitting(request) ?? [];
  }
}

function newNode<D extends RouteDefinition>(): Node<D> {
  return { statics: new Map(), param: undefined, end: undefined, prefix: undefined };
}

function staticChild<D extends RouteDefinition>(node: Node<D>, text: string): Node<D> {
  const child = node.statics.get(text) ?? newNode<D>();
  node.statics.set(text, child);
  return child;
}
