import { isRefused, isWritten } from '../../language/fields.js';
import { Invalid } from '../../language/kinds/invalid.js';
import { matchOf, securityOf, type EffectiveSecurity } from '../../file/route-settings.js';
import type { RouteConfig } from '../../file/route.config.js';
import { items, type CheckContext } from './check.js';
import { PathSpellings } from './path-spellings.js';

/** A route with what keeps requests out of it. */
interface GuardedRoute {
  /** Its place in the file. */
  readonly index: number;
  readonly route: RouteConfig;
  readonly security: EffectiveSecurity;
}

/** The blocks of `security` that keep requests out. */
const protections = ['auth', 'ipFilter', 'policies', 'rateLimit'] as const;

/**
 * Warns of paths that are protected (by policies, or by an answer that denies) in one spelling only: another route with other
 * policies matches the same path in upper case, or with a slash at its end, and many backends treat these as the protected
 * path. No warning when the author has configured how paths are compared.
 */
export function checkProtectedPaths({ config, warn }: CheckContext): void {
  const routes = items(config.routes).filter(([, { match }]) => !isRefused(match, 'path'));
  const all = routes.map(([index, route]) => ({ index, route, security: securityOf(config, route) }));
  const spellings = spellingsOf(all);
  for (const { index, route, security } of all) {
    const { caseSensitive, trailingSlash } = matchOf(config, route);
    const isLessClosed = (other: GuardedRoute): boolean =>
      other.index !== index &&
      (denies(route) || !isAsClosed(other.security, security)) &&
      shareHosts(route, other.route);
    const isOpen = (spelling: string): boolean => spellings.some(spelling, isLessClosed);
    const isSettled = (key: string): boolean => isWritten(route.match, key) || isWritten(config.routing, key);
    const open = new Set<string>();
    for (const path of route.match.path) {
      const cased = caseSensitive && !isSettled('caseSensitive') ? inUpperCase(path) : [];
      if (cased.some(isOpen)) open.add('caseSensitive: false');
      const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
      const isExact = trailingSlash === 'exact' && !path.endsWith('*') && path !== '/';
      if (isExact && !isSettled('trailingSlash') && isOpen(other)) open.add('trailingSlash: ignore');
    }
    if (open.size === 0) continue;
    const message = `other spellings of this path go by another route${denies(route) ? '' : ' with other policies'}, and many backends (Express, IIS) take them for it: write match.${[...open].join(' and match.')}, or the other value if yours does not`;
    warn({ path: ['routes', index, 'match', 'path'], message, at: 'key' });
  }
}

/** The variants of the path with one segment in upper case, for each segment that this changes. */
function inUpperCase(path: string): string[] {
  const segments = path.split('/');
  return segments.flatMap((segment, index) => {
    const upper = segment.startsWith(':') ? segment : segment.toUpperCase();
    return upper === segment ? [] : [segments.with(index, upper).join('/')];
  });
}

/** Whether the purpose of a route is to refuse requests. */
function denies({ respond }: RouteConfig): boolean {
  return respond !== undefined && !isRefused(respond, 'status') && respond.status >= 400;
}

/** Whether `one` has every protection of `other`, with the same settings. */
function isAsClosed(one: EffectiveSecurity, other: EffectiveSecurity): boolean {
  return protections.every(key => isOff(other[key]) || one[key] === other[key]);
}

function isOff(block: EffectiveSecurity[(typeof protections)[number]]): boolean {
  if (block === undefined || block instanceof Invalid) return true;
  if (Array.isArray(block)) return block.length === 0;
  if ('mode' in block) return block.mode === 'off';
  return 'allow' in block && block.allow.length + block.deny.length === 0;
}

function shareHosts({ match: one }: RouteConfig, { match: other }: RouteConfig): boolean {
  const [some, others] = [one.hosts, other.hosts];
  if (some.length === 0 || others.length === 0) return true;
  return some.some(host => others.some(each => each === host || each === '*' || each.startsWith('*.')));
}

/** What matches which paths, without the routes that answer by themselves. */
function spellingsOf(routes: readonly GuardedRoute[]): PathSpellings<GuardedRoute> {
  const spellings = new PathSpellings<GuardedRoute>();
  for (const each of routes) {
    const { match, redirect, respond } = each.route;
    if (respond !== undefined || redirect !== undefined) continue;
    for (const path of match.path.length === 0 ? ['/*'] : match.path) spellings.add(path, each);
  }
  return spellings;
}
