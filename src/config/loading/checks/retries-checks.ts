import { isWritten } from '../../language/fields.js';
import type { Path } from '../findings.js';
import type { RetriesConfig } from '../../file/retries.config.js';
import type { RouteConfig } from '../../file/route.config.js';
import { retriesOf, timeoutsOf } from '../../file/route-settings.js';
import type { TimeoutsConfig, UpstreamConfig } from '../../file/upstream.config.js';
import { entries, items, type CheckContext } from './check.js';

/** Warns of `timeout` in `retries.on` where no attempt can ever follow a timeout. */
export function checkRetries(context: CheckContext): void {
  const { upstreams, routes } = context.config;
  for (const [name, { retries, timeouts }] of entries(upstreams)) {
    if (isWritten(retries, 'on')) check(context, ['upstreams', name, 'retries', 'on'], retries, timeouts);
  }
  for (const [index, route] of items(routes)) {
    const upstream = upstreamsOf(route, upstreams)[0];
    const { retries, timeouts } = route;
    const own = retries !== undefined && Object.keys(retries).length > 0 ? 'retries' : 'timeouts';
    if (upstream === undefined || (retries === undefined && timeouts === undefined)) continue;
    check(context, ['routes', index, own], retriesOf(upstream, route), timeoutsOf(upstream, route));
  }
}

function check({ warn }: CheckContext, path: Path, retries: RetriesConfig, { response }: TimeoutsConfig): void {
  const { attempts, on, tryTimeout } = retries;
  // Lists and values that were refused are reported elsewhere.
  if (!Array.isArray(on) || !on.includes('timeout')) return;
  const why =
    attempts === 0
      ? 'retries.attempts is 0'
      : response === 0 && tryTimeout === 0
        ? 'neither timeouts.response nor retries.tryTimeout limits an attempt'
        : response > 0 && tryTimeout >= response
          ? 'retries.tryTimeout is not shorter than timeouts.response, which then is the time for all attempts together'
          : undefined;
  if (why !== undefined) warn({ path, message: `timeout in retries.on has no effect: ${why}`, at: 'key' });
}

function upstreamsOf(route: RouteConfig, upstreams: ReadonlyMap<string, UpstreamConfig>): UpstreamConfig[] {
  const names = route.split?.map(part => part.upstream) ?? [route.upstream];
  return names.flatMap(name => (name === undefined ? [] : (upstreams.get(name) ?? [])));
}
