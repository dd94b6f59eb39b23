import type { GatewayConfig } from './gateway.config.js';
import type { MatchConfig } from './match.config.js';
import type { RetriesConfig } from './retries.config.js';
import type { RouteConfig } from './route.config.js';
import type { RoutingConfig } from './routing.config.js';
import type { TimeoutsConfig, UpstreamConfig } from './upstream.config.js';
import type { SecurityConfig } from './security.config.js';
import type { SseConfig } from './sse.config.js';
import type { ValidationConfig } from './validation.config.js';
import type { WebSocketConfig } from './websocket.config.js';

/** The timeouts that hold for a route at one of its upstreams: the upstream's, overridden key by key. */
export function timeoutsOf(upstream: UpstreamConfig, route: RouteConfig): TimeoutsConfig {
  return { ...upstream.timeouts, ...route.timeouts };
}

/** The retries that hold for a route at one of its upstreams: the upstream's, overridden key by key. */
export function retriesOf(upstream: UpstreamConfig, route: RouteConfig): RetriesConfig {
  return { ...upstream.retries, ...route.retries };
}

/** The event stream settings that hold for a route: the top-level ones, overridden key by key. */
export function sseOf({ sse }: GatewayConfig, route: RouteConfig): SseConfig {
  return { ...sse, ...route.sse };
}

/** The security that holds for a route. */
export type EffectiveSecurity = Readonly<SecurityConfig>;

/** The security that holds for a route: each block that the route writes takes the place of the top-level one; `validation` key by key. */
export function securityOf({ security }: GatewayConfig, route: RouteConfig): EffectiveSecurity {
  const own = route.security;
  const validation: ValidationConfig = {
    ...security.validation,
    ...own?.validation,
    path: { ...security.validation.path, ...own?.validation?.path },
  };
  return { ...security, ...own, validation };
}

/** The conditions of a route, with the comparison of paths: the top-level `routing`, overridden key by key. */
export function matchOf({ routing }: GatewayConfig, { match }: RouteConfig): MatchConfig & RoutingConfig {
  return { ...routing, ...match };
}

/** The routes as the route table needs them. */
export function routesOf(config: GatewayConfig): RouteConfig[] {
  return config.routes.map(route => ({ ...route, match: matchOf(config, route) }));
}

/** The WebSocket settings that hold for a route: the top-level ones, overridden key by key. */
export function webSocketOf({ websocket }: GatewayConfig, route: RouteConfig): WebSocketConfig {
  return { ...websocket, ...route.websocket };
}
