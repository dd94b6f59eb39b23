import type { GatewayConfig } from '../../file/gateway.config.js';
import type { Path } from '../findings.js';
import type { UpstreamConfig } from '../../file/upstream.config.js';
import { entries, items, type CheckContext } from './check.js';

/** Warns of sticky cookies that overwrite each other: one name at two upstreams to which the same host leads. */
export function checkSticky(
  { config, warn }: CheckContext,
  path: Path,
  name: string,
  { sticky }: UpstreamConfig,
): void {
  if (sticky === undefined) return;
  for (const [other, upstream] of entries(config.upstreams)) {
    // Each pair is reported once, at the second of the two.
    if (other === name) return;
    if (upstream.sticky?.cookie !== sticky.cookie) continue;
    const shared = sharedHost(hostsOf(config, other), hostsOf(config, name));
    if (shared === undefined) continue;
    const cookie = JSON.stringify(sticky.cookie);
    const where = shared === '*' ? 'any host' : shared;
    const message = `${where} leads to upstream ${JSON.stringify(other)} too, whose sticky cookie is called ${cookie} as well: the two overwrite each other at every request`;
    warn({ path: [...path, 'sticky', 'cookie'], message });
  }
}

/** The hosts of the routes that lead to an upstream; `*` stands for all. */
function hostsOf({ routes, upstreams }: GatewayConfig, name: string): string[] {
  const stoodInFor = entries(upstreams).flatMap(([each, { fallback }]) => (fallback?.upstream === name ? [each] : []));
  const leading = new Set([name, ...stoodInFor]);
  return items(routes).flatMap(([, { match, split, upstream }]) => {
    const targets = [upstream, ...items(split).map(([, part]) => part.upstream)];
    if (!targets.some(target => target !== undefined && leading.has(target))) return [];
    return match.hosts.length === 0 ? ['*'] : match.hosts;
  });
}

function sharedHost(some: readonly string[], others: readonly string[]): string | undefined {
  for (const one of some) {
    for (const other of others) {
      if (covers(one, other)) return other;
      if (covers(other, one)) return one;
    }
  }
  return undefined;
}

function covers(wide: string, narrow: string): boolean {
  if (wide === '*' || wide === narrow) return true;
  return wide.startsWith('*.') && narrow.endsWith(wide.slice(1));
}
