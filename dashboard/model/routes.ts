import type { RouteTrafficView, RouteView, TrafficFigures } from '../../src/admin/api/views.js';

/** A route for the table: all its rows of the route table, and its traffic. */
export interface ShownRoute {
  readonly name: string;
  /** Place in matching order; that of its first row. Infinity: what no route matches. */
  readonly order: number;
  /** Hosts and paths, such as `shop.example/orders/*`. */
  readonly places: readonly string[];
  readonly target: string;
  readonly shadowedBy: string | undefined;
  readonly traffic: TrafficFigures | undefined;
}

/** By what routes are sorted. */
export type RouteOrder = 'busiest' | 'failing' | 'slowest' | 'matching';

/** The routes of the table with the traffic of a status. What no route matches stands among them as `none` when there is some. */
export function shownRoutes(table: readonly RouteView[], traffic: readonly RouteTrafficView[]): ShownRoute[] {
  const figures = new Map(traffic.map(each => [each.name, each]));
  const routes = new Map<string, ShownRoute>();
  for (const { hosts, methods, name, order, path, shadowedBy, target } of table) {
    const known = routes.get(name);
    const method = methods.length === 0 ? '' : `${methods.join('|')} `;
    const places = hosts.length === 0 ? [path] : hosts.map(host => (host === '*' ? path : `${host}${path}`));
    const all = [...(known?.places ?? []), ...places.map(place => method + place)];
    routes.set(name, { order, target, shadowedBy, ...known, name, places: all, traffic: figures.get(name) });
  }
  for (const each of traffic) {
    if (routes.has(each.name)) continue;
    const target = each.name === 'none' ? 'no route matches' : '';
    routes.set(each.name, {
      name: each.name,
      order: Infinity,
      places: [],
      target,
      shadowedBy: undefined,
      traffic: each,
    });
  }
  return [...routes.values()];
}

/** Sorts routes; those that are equal stay in matching order. */
export function sorted(routes: readonly ShownRoute[], by: RouteOrder): ShownRoute[] {
  const weight: Readonly<Record<RouteOrder, (route: ShownRoute) => number>> = {
    busiest: ({ traffic }) => traffic?.requests ?? 0,
    failing: ({ traffic }) => traffic?.failed ?? 0,
    slowest: ({ traffic }) => traffic?.latency?.p99 ?? 0,
    matching: () => 0,
  };
  const of = weight[by];
  return routes.toSorted(
    (one, other) => of(other) - of(one) || one.order - other.order || compare(one.name, other.name),
  );
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** The routes whose name, place or target has a text in it, in capitals or not. */
export function matching(routes: readonly ShownRoute[], text: string): readonly ShownRoute[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return routes;
  return routes.filter(({ name, places, target }) =>
    [name, target, ...places].some(each => each.toLowerCase().includes(wanted)),
  );
}

/**
 * Keeps the order of rows for some time: a table whose rows change places each second cannot be read. Gives the order of before, with what is new behind
 * it, until `rest` milliseconds are over or the key changes.
 */
export class SteadyOrder {
  #names: readonly string[] = [];
  #key = '';
  #since = -Infinity;

  constructor(private readonly rest: number) {}

  /** `now`: milliseconds of any clock that goes on. */
  arrange(routes: readonly ShownRoute[], by: RouteOrder, key: string, now: number): readonly ShownRoute[] {
    const wanted = `${by} ${key}`;
    if (wanted !== this.#key || now - this.#since >= this.rest) {
      const fresh = sorted(routes, by);
      this.#names = fresh.map(({ name }) => name);
      [this.#key, this.#since] = [wanted, now];
      return fresh;
    }
    const place = new Map(this.#names.map((name, index) => [name, index]));
    const of = ({ name }: ShownRoute): number => place.get(name) ?? Infinity;
    return routes.toSorted((one, other) => {
      const [first, second] = [of(one), of(other)];
      return first === second ? one.order - other.order : first - second;
    });
  }
}
