import { AdminConfig } from './admin.config.js';
import { Block, Key, ListOf, MapOf } from '../language/key.js';
import { block } from '../language/kinds/block.js';
import { choice } from '../language/kinds/choice.js';
import { duration } from '../language/kinds/duration.js';
import { list } from '../language/kinds/list.js';
import { cidr } from '../language/kinds/network.js';
import { integer } from '../language/kinds/number.js';
import { name, text } from '../language/kinds/text.js';
import { either } from '../language/kinds/union.js';
import { url } from '../language/kinds/url.js';
import { ListenerConfig } from './listener.config.js';
import { LoggingConfig } from './logging.config.js';
import { ForwardedFieldsConfig, RequestIdConfig } from './request-fields.config.js';
import { RouteConfig } from './route.config.js';
import { RoutingConfig } from './routing.config.js';
import { SecurityConfig } from './security.config.js';
import { SseConfig } from './sse.config.js';
import { MetricsConfig, TracingConfig } from './telemetry.config.js';
import { UpstreamConfig } from './upstream.config.js';
import { WebSocketConfig } from './websocket.config.js';

/** How the gateway stops. */
class ShutdownConfig {
  @Key(duration(), {
    doc: 'For this time after a SIGTERM readiness is 503 while the listeners still accept, and every answer says `Connection: close`: as long as load balancers in front need to see it. `grace` begins afterwards.',
  })
  delay: number = 0;

  @Key(duration(), {
    doc: 'Work in flight may end in this time after a SIGTERM; what is left then is cut. Shorter than the time after which the platform kills the process (30 s on Kubernetes, minus `delay` and its pre-stop delay).',
  })
  grace: number = 30_000;
}

/** When there is too much to do. */
class OverloadConfig {
  @Key(duration(), {
    doc: 'While the event loop of the gateway is delayed for longer than this, new requests get 503 with Retry-After; 0 = off. Requests under way, event streams, tunnels and the admin listener go on. An idle process has delays of a few milliseconds, garbage collection some tens: 100ms to 500ms tell an overload from these.',
  })
  eventLoopDelay: number = 0;
}

/** A Redis server that several machines count in. */
class RedisStoreConfig {
  @Key(url(['redis', 'rediss'], 'redis://host:6379'), { required: true, doc: 'Where it is; `rediss` for TLS.' })
  declare redis: string;

  @Key(text({ maxLength: 64 }), { doc: 'What its keys begin with, for several gateways on one server.' })
  prefix: string = 'gw:';
}

/** Where the counts of rate limits are kept. */
type RateLimitStore = 'memory' | RedisStoreConfig;

const rateLimitStore = either(
  choice('memory'),
  block(() => RedisStoreConfig),
  value => value === 'memory',
);

/** The files that a configuration file includes. */
export const includedFiles = list(
  text({ label: 'path or pattern', expected: 'the path of a file, or a pattern such as conf.d/*.yaml' }),
  { max: 1000, orSingle: true },
);

/** A whole gateway: the value that one configuration file and those that it includes describe, with every default filled in. */
export class GatewayConfig {
  @ListOf(() => ListenerConfig, {
    min: 1,
    doc: 'Addresses that clients connect to.',
    defaultText: 'one plain listener on port 8080',
  })
  declare listeners: ListenerConfig[];

  @Block(() => AdminConfig, {
    doc: 'The side of the operator: health, metrics, dashboard, admin API. Never on a public listener.',
  })
  admin: AdminConfig = new AdminConfig();

  @Key(list(cidr), {
    doc: 'Address ranges whose `X-Forwarded-For`, `Forwarded` and PROXY headers, and all other `forwardedFields`, are believed. What others send under these names is replaced. A range that clients can come from lets them choose their own address. What such a proxy says in only one of `X-Forwarded-For` and `Forwarded` backends get in both; a proxy that writes only one must remove the other, or its clients write it.',
  })
  trustedProxies: string[] = [];

  @Block(() => ForwardedFieldsConfig, {
    doc: 'Fields that say who asks, by which scheme, for what: taken out of the head and the trailers of a request unless it comes from one of `trustedProxies`. Look-alikes (`X_Forwarded_Ssl`, `X.Forwarded.For`) are always taken out.',
  })
  forwardedFields: ForwardedFieldsConfig = new ForwardedFieldsConfig();

  @MapOf(name, () => UpstreamConfig, { doc: 'Groups of backends, by name.' })
  upstreams: Map<string, UpstreamConfig> = new Map();

  @ListOf(() => RouteConfig, {
    doc: 'What happens to which requests. Required with several upstreams.',
    defaultText: 'all requests go to the only upstream',
  })
  declare routes: RouteConfig[];

  @Block(() => RoutingConfig, { doc: 'How paths are compared. A `match` may override each key.' })
  routing: RoutingConfig = new RoutingConfig();

  @Block(() => SecurityConfig, { doc: 'What every request must pass, unless its route says otherwise.' })
  security: SecurityConfig = new SecurityConfig();

  @Key(rateLimitStore, {
    doc: 'Where the counts of rate limits are kept: `memory` (exact across the workers of one process), or `{ redis: redis://host:6379, prefix: "gw:" }` for several machines.',
  })
  rateLimitStore: RateLimitStore = 'memory';

  @Block(() => WebSocketConfig, { doc: 'Upgraded connections. A route may override each key.' })
  websocket: WebSocketConfig = new WebSocketConfig();

  @Block(() => SseConfig, { doc: 'Event streams. A route may override each key.' })
  sse: SseConfig = new SseConfig();

  @Key(includedFiles, {
    doc: 'More files that become part of this configuration (the reference tells of them under "Several files"): one path, or a list of paths, relative to the file in which they stand. `*` stands for any characters of a name and `?` for one character, but for a dot at its beginning (`conf.d/*.yaml`). A file that is missing or comes twice is an error, a pattern without a match a warning. At most 1000 files, 16 MiB together, and 10 of which each includes the next.',
  })
  declare include?: string[];

  @Key(either(choice('auto'), integer(1, 256), value => value === 'auto'), {
    doc: 'Worker threads for traffic, at most 63 of which run: `auto` = one for each core, `1` = all in one thread. An application of your own always runs one.',
  })
  workers: 'auto' | number = 'auto';

  @Block(() => RequestIdConfig, { doc: 'The id of each request.' })
  requestId: RequestIdConfig = new RequestIdConfig();

  @Block(() => ShutdownConfig, { doc: 'How the gateway stops.' })
  shutdown: ShutdownConfig = new ShutdownConfig();

  @Block(() => OverloadConfig, { doc: 'When there is too much to do.' })
  overload: OverloadConfig = new OverloadConfig();

  @Block(() => LoggingConfig, { doc: 'The log.' })
  logging: LoggingConfig = new LoggingConfig();

  @Block(() => MetricsConfig, { doc: 'Metrics.' })
  metrics: MetricsConfig = new MetricsConfig();

  @Block(() => TracingConfig, { doc: 'Traces. Absent: trace context is passed on untouched.' })
  declare tracing?: TracingConfig;
}
