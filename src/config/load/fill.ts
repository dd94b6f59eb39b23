import { items, entries } from '../checks/check.js';
import type { BackendConfig } from '../backend.config.js';
import { isWritten } from '../fields.js';
import type { GatewayConfig } from '../gateway.config.js';
import { ListenerConfig } from '../listener.config.js';
import { RouteConfig } from '../route.config.js';

/** Fills in what depends on other keys: names, ids, the default listener and the default route. */
export function fill(config: GatewayConfig): void {
  config.listeners ??= isWritten(config, 'listeners') ? [] : [new ListenerConfig()];
  config.routes ??= isWritten(config, 'routes') ? [] : defaultRoutes(config);
  if (config.admin.token === '') Reflect.deleteProperty(config.admin, 'token');
  for (const [, listener] of items(config.listeners)) fillListener(listener);
  for (const [, upstream] of entries(config.upstreams)) {
    for (const [, backend] of items(upstream.backends)) fillBackend(backend);
  }
  nameRoutes(config.routes);
}

function fillListener(listener: ListenerConfig): void {
  if (!isWritten(listener, 'unix') && !isWritten(listener, 'port')) listener.port = 8080;
  listener.http2 ??= listener.tls !== undefined;
  listener.name ??= listener.unix ?? String(listener.port);
}

function fillBackend(backend: BackendConfig): void {
  const socket = /^unix:(.+)$/.exec(backend.url ?? '')?.[1] ?? backend.unix;
  if (socket !== undefined) {
    backend.unix = socket;
    backend.url = 'http://localhost';
  }
  if (backend.url === undefined) return;
  backend.id ??= socket ?? hostAndPort(new URL(backend.url));
}

function hostAndPort({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}

function defaultRoutes({ upstreams }: GatewayConfig): RouteConfig[] {
  const [only] = upstreams.keys();
  if (only === undefined || upstreams.size > 1) return [];
  const route = new RouteConfig();
  route.name = 'default';
  route.upstream = only;
  return [route];
}

/** Routes without a name are called by their path; what is taken already gets a number. */
function nameRoutes(routes: readonly RouteConfig[]): void {
  const taken = new Set(items(routes).map(([, { name }]) => name));
  for (const [index, route] of items(routes)) {
    if (route.name !== undefined) continue;
    const base = route.match.path[0] ?? `route-${index + 1}`;
    let candidate = base;
    for (let copy = 2; taken.has(candidate); copy++) candidate = `${base}-${copy}`;
    route.name = candidate;
    taken.add(candidate);
  }
}
