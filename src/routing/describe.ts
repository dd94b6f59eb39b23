import { maskUrl } from '../config/language/kinds/url.js';
import type { Entry } from './entry.js';
import { shapeOf } from './path-pattern.js';
import type { RouteDefinition } from './route.js';
import type { RouteTable } from './route-table.js';

/** One row of the route table, for people. */
export interface RouteRow {
  /** Place in matching order, from 1. */
  readonly order: number;
  readonly name: string;
  /** In the form in which they are matched; `*` for any. */
  readonly hosts: readonly string[];
  readonly path: string;
  /** Empty: any. */
  readonly methods: readonly string[];
  readonly conditions: readonly string[];
  readonly target: string;
  /** The earlier route that takes all requests of this row, so that this row never matches. */
  readonly shadowedBy?: string;
}

/**
 * The table in matching order: a row for each path of a route under its hosts of one kind (exact, wildcard of so many labels, any).
 *
 * `shadowedBy` is set when one single earlier row matches every request that this row matches. A more specific host or path
 * never covers a less specific one, so only rows of the same kind of host and the same path are compared: that part is exact.
 * Conditions are compared one by one, which is exact too, except that two different patterns always count as different. A row
 * that only several others together cover is not flagged.
 */
export function describeRoutes<D extends RouteDefinition>(table: RouteTable<D>): RouteRow[] {
  const earlier = new Map<string, Entry<D>[]>();
  const written = table.entries.filter(({ pattern }) => !pattern.isSlashVariant);
  return written.map((entry, index) => {
    const key = `${entry.hosts.kind} ${entry.hosts.labels} ${shapeOf(entry.pattern).toLowerCase()}`;
    const rivals = earlier.get(key) ?? [];
    const cover = rivals.find(rival => covers(rival, entry));
    earlier.set(key, [...rivals, entry]);
    return rowOf(entry, index + 1, cover?.route.name);
  });
}

function covers(wide: Entry, narrow: Entry): boolean {
  const ignoresSlash = ({ route, pattern }: Entry): boolean =>
    !pattern.isPrefix && route.definition.match.trailingSlash === 'ignore';
  const coversCase =
    wide.pattern.foldsCase || (!narrow.pattern.foldsCase && shapeOf(wide.pattern) === shapeOf(narrow.pattern));
  return (
    coversCase &&
    (ignoresSlash(wide) || !ignoresSlash(narrow)) &&
    narrow.hosts.names.every(name => wide.hosts.names.includes(name)) &&
    wide.route.conditions.include(narrow.route.conditions)
  );
}

function rowOf({ route, hosts, pattern }: Entry, order: number, shadowedBy: string | undefined): RouteRow {
  const names =
    hosts.kind === 'any' ? ['*'] : hosts.names.map(name => (hosts.kind === 'wildcard' ? `*.${name}` : name));
  return {
    order,
    name: route.name,
    hosts: names,
    path: pattern.text,
    methods: route.conditions.methods,
    conditions: route.conditions.describe(),
    target: targetOf(route.definition),
    ...(shadowedBy === undefined ? {} : { shadowedBy }),
  };
}

function targetOf(definition: RouteDefinition): string {
  const { redirect, respond, split, upstream } = definition;
  if (redirect !== undefined) return `redirect ${redirect.status} ${maskUrl(redirect.to)}`;
  if (respond !== undefined) return `respond ${respond.status}`;
  if (split !== undefined) return `split ${split.map(share => `${share.upstream} ${share.weight}`).join(', ')}`;
  return `upstream ${upstream ?? '(none)'}`;
}
