import { maskUrl } from '../config/language/kinds/url.js';
import type { Entry } from './entry.js';
import { includesHosts } from './host-pattern.js';
import { includesPaths, shapeOf, type PathPattern } from './path-pattern.js';
import type { RouteDefinition } from './route.js';
import type { RouteTable } from './route-table.js';

/** One row of the route table, for people. */
export interface RouteRow {
  /** Place in matching order, from 1. */
  readonly order: number;
  readonly name: string;
  /** Absent: 0. */
  readonly priority?: number;
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
 * Where a route ignores a slash at the end, its path with the other end is tried at that path's own place, and has no row.
 *
 * `shadowedBy` is set when one single earlier row matches every request that this row matches. Of routes of one priority a more specific host or path
 * never covers a less specific one, so only rows of the same kind of host and the same path are compared; a row of a higher priority may also cover what
 * is more specific. Conditions are compared one by one, and two different patterns always count as different. A row that only several others together
 * cover is not flagged; one that is flagged never matches.
 */
export function describeRoutes<D extends RouteDefinition>(table: RouteTable<D>): RouteRow[] {
  const earlier = new Map<string, Entry<D>[]>();
  const [lowest = 0] = table.routes.map(({ priority }) => priority).sort((a, b) => a - b);
  /** Those that may cover what is more specific. */
  const preferred: Entry<D>[] = [];
  const written = table.entries.filter(({ pattern }) => !pattern.isSlashVariant);
  return written.map((entry, index) => {
    const key = `${entry.route.priority} ${entry.hosts.kind} ${entry.hosts.labels} ${shapeOf(entry.pattern).toLowerCase()}`;
    const rivals = earlier.get(key) ?? [];
    const { priority } = entry.route;
    const cover =
      rivals.find(rival => covers(rival, entry)) ??
      preferred.find(rival => rival.route.priority > priority && covers(rival, entry));
    earlier.set(key, [...rivals, entry]);
    if (priority > lowest) preferred.push(entry);
    return rowOf(entry, index + 1, cover?.route.name);
  });
}

function covers(wide: Entry, narrow: Entry): boolean {
  return (
    includesHosts(wide.hosts, narrow.hosts) &&
    spellingsOf(narrow).every(path => spellingsOf(wide).some(each => includesPaths(each, path))) &&
    wide.route.conditions.include(narrow.route.conditions)
  );
}

/** The path of an entry as it is written and, where its route takes that too, with the other end. */
function spellingsOf({ route, pattern }: Entry): readonly PathPattern[] {
  return route.patterns.filter(({ text }) => text === pattern.text);
}

function rowOf({ route, hosts, pattern }: Entry, order: number, shadowedBy: string | undefined): RouteRow {
  const names =
    hosts.kind === 'any' ? ['*'] : hosts.names.map(name => (hosts.kind === 'wildcard' ? `*.${name}` : name));
  return {
    order,
    name: route.name,
    ...(route.priority !== 0 && { priority: route.priority }),
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
