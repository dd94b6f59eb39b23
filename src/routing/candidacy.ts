import type { Candidacy } from './candidacy-view.js';
import type { Route } from './compiled-route.js';
import { precedence, type Entry } from './entry.js';
import { RouteTable } from './route-table.js';
import type { RouteDefinition, RouteQuery } from './route.js';

/** Routes whose host or path does not fit that are named; the others are only counted. */
const mostOthers = 50;

/**
 * Tells for each route why it is or is not the one for a request, in the order in which routes are tried, and how many more there are whose host or path
 * does not fit. It walks the trees that {@link RouteTable.match} looks into; slow, for explanations.
 */
export function candidacies(
  table: RouteTable,
  request: RouteQuery,
): { readonly routes: readonly Candidacy[]; readonly more: number } {
  const routes: Candidacy[] = [];
  const seen = new Set<Route>();
  let winner: Entry | undefined;
  for (const entry of table.fitting(request)) {
    if (seen.has(entry.route)) continue;
    seen.add(entry.route);
    const failing = entry.route.conditions.failing(request);
    if (failing !== undefined) routes.push(candidacyOf(entry, 'passed over', `${failing} does not hold`));
    else if (winner === undefined) routes.push(candidacyOf((winner = entry), 'wins', whyItWins(entry)));
    else {
      const why = `fits too, but ${winner.route.name} comes first: ${precedence(winner, entry)}`;
      routes.push(candidacyOf(entry, 'passed over', why));
    }
  }
  const others = [...new Set(table.entries.map(({ route }) => route))].filter(route => !seen.has(route));
  for (const route of others.slice(0, mostOthers)) {
    const [entry] = table.entries.filter(each => each.route === route);
    const why = fitsHost(route, request) ? 'the path does not fit' : 'the host does not fit';
    routes.push(candidacyOf(entry!, 'other', why));
  }
  return { routes, more: Math.max(0, others.length - mostOthers) };
}

function whyItWins({ hosts, pattern, route }: Entry): string {
  const host = hosts.kind === 'any' ? 'any host' : `${hosts.kind} host`;
  const path = pattern.isSlashVariant ? 'path but for the slash at its end' : 'path';
  const conditions = route.conditions.methods.length > 0 || route.conditions.describe().length > 0;
  return `${host}, ${path}${conditions ? ' and all conditions' : ''} fit`;
}

function candidacyOf({ route, pattern }: Entry, outcome: Candidacy['outcome'], why: string): Candidacy {
  return { name: route.name, path: pattern.text, priority: route.priority, outcome, why };
}

/** Looks the host up in a table of this route alone, with every path. */
function fitsHost({ definition }: Route, request: RouteQuery): boolean {
  const match = { hosts: definition.match.hosts, path: ['/*'], methods: [], headers: noMatches, query: noMatches };
  const alone: RouteDefinition = { name: definition.name, match };
  return RouteTable.compile([alone]).match(request) !== undefined;
}

const noMatches = new Map<string, never>();
