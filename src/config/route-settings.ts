import type { GatewayConfig } from './gateway.config.js';
import type { RetriesConfig } from './retries.config.js';
import type { RouteConfig } from './route.config.js';
import type { TimeoutsConfig, UpstreamConfig } from './upstream.config.js';
import type { ValidationConfig } from './validation.config.js';

/** The timeouts that hold for a route at one of its upstreams: the upstream's, overridden key by key. */
export function timeoutsOf(upstream: UpstreamConfig, route: RouteConfig): TimeoutsConfig {
  return { ...upstream.timeouts, ...route.timeouts };
}

/** The retries that hold for a route at one of its upstreams: the upstream's, overridden key by key. */
export function retriesOf(upstream: UpstreamConfig, route: RouteConfig): RetriesConfig {
  return { ...upstream.retries, ...route.retries };
}

/** The validation that holds for a route: the top-level one, overridden key by key, those of `path` too. */
export function validationOf({ security }: GatewayConfig, route: RouteConfig): ValidationConfig {
  const own = route.security?.validation;
  return { ...security.validation, ...own, path: { ...security.validation.path, ...own?.path } };
}
