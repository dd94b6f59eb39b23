import { items, entries } from './checks/check.js';
import type { BackendConfig } from '../file/backend.config.js';
import { isWritten } from '../language/fields.js';
import type { GatewayConfig } from '../file/gateway.config.js';
import type { HealthCheckConfig } from '../file/health-check.config.js';
import { ListenerConfig } from '../file/listener.config.js';
import { RouteConfig } from '../file/route.config.js';

/** Fills in values that depend on other keys: names, ids, the default listener and the default route. */
export function fill(config: GatewayConfig): void {
  config.listeners ??= isWritten(config, 'listeners') ? [] : [new ListenerConfig()];
  config.routes ??= isWritten(config, 'routes') ? [] : defaultRoutes(config);
  if (config.admin.token === '') Reflect.deleteProperty(config.admin, 'token');
  for (const [, listener] of items(config.listeners)) fillListener(listener);
  nameAll(config.listeners, ({ unix, port }) => unix ?? String(port));
  for (const [name, upstream] of entries(config.upstreams)) {
    if (upstream.sticky !== undefined) upstream.sticky.cookie ??= `gw_${name}`;
    for (const [, backend] of items(upstream.backends)) fillBackend(backend);
    if (upstream.healthCheck !== undefined) fillHealthCheck(upstream.healthCheck);
  }
  nameAll(config.routes, ({ match }, index) => match.path[0] ?? `route-${index + 1}`);
}

function fillListener(listener: ListenerConfig): void {
  if (!isWritten(listener, 'unix') && !isWritten(listener, 'port')) listener.port = 8080;
  listener.http2 ??= listener.tls !== undefined;
}

/** Fills in what the other keys of a backend give: its id; for a socket, the URL that stands in its place. */
export function fillBackend(backend: BackendConfig): void {
  const socket = /^unix:(.+)$/.exec(backend.url ?? '')?.[1] ?? backend.unix;
  if (socket !== undefined) {
    backend.unix = socket;
    backend.url = 'http://localhost';
  }
  if (backend.url === undefined) return;
  backend.id ??= socket ?? hostAndPort(new URL(backend.url));
}

function fillHealthCheck(check: HealthCheckConfig): void {
  if (!isWritten(check, 'timeout')) check.timeout = Math.min(check.timeout, check.interval);
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

/** Names the elements that have no name; adds a number when the name is already used. */
function nameAll<T extends { name: string }>(list: readonly T[], nameOf: (item: T, index: number) => string): void {
  const taken = new Set(items(list).map(([, { name }]) => name));
  for (const [index, item] of items(list)) {
    if (item.name !== undefined) continue;
    const base = nameOf(item, index);
    let candidate = base;
    for (let copy = 2; taken.has(candidate); copy++) candidate = `${base}-${copy}`;
    item.name = candidate;
    taken.add(candidate);
  }
}
