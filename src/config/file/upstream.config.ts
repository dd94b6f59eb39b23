import { BackendConfig } from './backend.config.js';
import { CircuitBreakerConfig } from './circuit-breaker.config.js';
import { discovery, type DiscoveryChoice, type DiscoveryConfig } from './discovery.config.js';
import { FallbackConfig } from './fallback.config.js';
import { HealthCheckConfig } from './health-check.config.js';
import { Block, Key, ListOf } from '../language/key.js';
import { choice, flag } from '../language/kinds/choice.js';
import { duration } from '../language/kinds/duration.js';
import { filePath } from '../language/kinds/file-path.js';
import { cookieName } from '../language/kinds/header.js';
import { namedChoice, type NamedChoice } from '../language/kinds/named-choice.js';
import { host } from '../language/kinds/network.js';
import { integer } from '../language/kinds/number.js';
import { ratio } from '../language/kinds/ratio.js';
import { strategy, type StrategyChoice } from '../language/kinds/strategy.js';
import { list } from '../language/kinds/list.js';
import { text } from '../language/kinds/text.js';
import { either } from '../language/kinds/union.js';
import { RetriesConfig } from './retries.config.js';

/** The forwarders that come with the gateway. */
export const builtInForwarders = ['default', 'undici', 'http-proxy-middleware'] as const;

const forwarder = namedChoice('forwarder', { builtIn: builtInForwarders });

/** What old backends do that responses may not (RFC 9112), and that is taken where an upstream says so. */
const leniences = ['chunk-spaces', 'bare-lf', 'repeated-length'] as const;

/** One of them. */
export type Lenience = (typeof leniences)[number];

const tenYears = 10 * 365 * 24 * 3_600_000;

/** A cookie that keeps a client on its backend. */
class StickyConfig {
  @Key(cookieName, {
    doc: 'Name of the cookie. It holds nothing that names a backend in clear. Two upstreams that one host leads to need two names: they would overwrite the cookie of each other.',
    defaultText: '`gw_` and the name of the upstream',
  })
  declare cookie: string;

  @Key(duration({ max: tenYears }), {
    doc: 'How long the client keeps it after it was last used: it is set anew in each eighth of that time in which it is used. `0s` = a session cookie, which goes when the browser closes.',
  })
  ttl: number = 0;

  @Key(flag, { doc: 'Hides the cookie from scripts.' })
  httpOnly: boolean = true;

  @Key(either(flag, choice('auto'), value => typeof value === 'boolean'), {
    doc: 'Sends the cookie over https only. `auto` = when the request came over https.',
  })
  secure: 'auto' | boolean = 'auto';

  @Key(choice('strict', 'lax', 'none'), { doc: 'When browsers send it from other sites. `none` needs `secure: true`.' })
  sameSite: 'strict' | 'lax' | 'none' = 'lax';
}

/** TLS towards https backends. */
export class UpstreamTlsConfig {
  @Key(filePath, {
    doc: 'PEM file with the authorities that backends must be certified by, instead of the well-known ones.',
  })
  declare ca?: string;

  @Key(filePath, {
    doc: 'PEM file with the certificate that the gateway shows to backends (mutual TLS). Together with `key`.',
  })
  declare cert?: string;

  @Key(filePath, { doc: 'PEM file with the private key of `cert`.' })
  declare key?: string;

  @Key(host, {
    doc: 'Name that is sent as SNI and that the certificate of a backend must carry.',
    defaultText: 'the host of the backend',
  })
  declare serverName?: string;

  @Key(flag, {
    doc: 'Verifies the certificates of backends. `false` lets anyone on the way read and change the traffic: for tests only.',
  })
  verify: boolean = true;
}

/** Connections that are kept to a backend. */
class ConnectionsConfig {
  @Key(integer(1, 65_535), {
    doc: 'Connections to one backend, for each worker. Requests beyond it wait in the queue. Requests whose clients are still sending get at most half of them, and half of the queue. Upgraded connections, and event streams that are asked for by `Accept`, take no place: they have limits of their own.',
  })
  max: number = 256;

  @Key(duration({ min: 1 }), {
    doc: 'An unused connection is closed after this time. Shorter than the keep-alive time of the backends, or requests run into connections that are being closed. A backend that tells its own (`Keep-Alive: timeout=5`) has its connections closed a second before.',
  })
  idleTimeout: number = 60_000;

  @Key(integer(0), { doc: 'Requests that may wait for a connection to one backend, for each worker; more get 503.' })
  queue: number = 1024;

  @Key(duration({ min: 1 }), { doc: 'How long one may wait, then 503.' })
  queueTimeout: number = 5_000;
}

/** How long a backend may take. */
export class TimeoutsConfig {
  @Key(duration({ min: 1 }), { doc: 'Until the connection stands, TLS included; then 504.' })
  connect: number = 2_000;

  @Key(duration(), {
    doc: 'Until the response head has arrived; then 504. `0s` = off.',
  })
  response: number = 30_000;

  @Key(duration(), {
    doc: 'Between two chunks of a body; then the response is cut. `0s` = off. Long polls and quiet streams need more.',
  })
  idle: number = 60_000;
}

/** The short form of a backend. */
export const backendForms = {
  expand: (raw: unknown) => (typeof raw === 'string' ? { url: raw } : undefined),
  shortSchema: { type: 'string', pattern: '^(https?://[^/?#]+/?|unix:.+|.*\\$\\{.*)$' },
  shortExpected: 'a URL such as http://10.0.0.1:3000 or unix:/run/app.sock',
};

/** A named group of backends that do the same work. */
export class UpstreamConfig {
  @Key(strategy, {
    doc: 'How a backend is picked: `round-robin`, `random`, `least-connections`, `power-of-two-choices`, `peak-ewma`, `ip-hash`, `consistent-hash`, or the name of one that a module registers. With options: `{ name: consistent-hash, key: client-ip }`, where `key` is `client-ip`, `path`, `header:<name>` or `cookie:<name>`.',
  })
  strategy: StrategyChoice = { name: 'round-robin', options: {} };

  @ListOf(() => BackendConfig, {
    ...backendForms,
    doc: 'The servers. Each is a URL or a block.',
    defaultText: 'none: this or `discovery` is required',
  })
  backends: BackendConfig[] = [];

  @Key(discovery, {
    doc: 'Finds backends while the gateway runs, instead of `backends` or beside them: through DNS, in a file, or by what a module registers (its name, or with options `{ name: registry, service: orders }`). The gateway waits for the first ones for up to two seconds before it listens, and starts without them.',
  })
  declare discovery?: DiscoveryConfig | DiscoveryChoice;

  @Block(() => StickyConfig, {
    doc: 'Keeps a client on its backend with a cookie, for as long as that backend is available. Absent: every request is balanced. `sticky: {}` takes all defaults.',
  })
  declare sticky?: StickyConfig;

  @Key(duration(), {
    doc: 'A backend that comes back ramps up to its weight over this time, so that cold caches are not flooded. `0s` = off.',
  })
  slowStart: number = 0;

  @Key(ratio, {
    doc: 'Below this share of available backends, all of them are used again: when most look broken, the check is more likely to be. `0%` = never.',
  })
  panicThreshold: number = 0;

  @Key(choice('http1', 'http2'), {
    doc: 'Protocol towards the backends. `http2` is chosen by ALPN over TLS, and with prior knowledge in cleartext: what gRPC needs.',
  })
  protocol: 'http1' | 'http2' = 'http1';

  @Block(() => UpstreamTlsConfig, {
    doc: 'TLS towards `https` backends. Absent: the well-known authorities, verified.',
  })
  declare tls?: UpstreamTlsConfig;

  @Key(text({ expected: 'preserve, backend or a host', pattern: /^[A-Za-z0-9._:[\]-]+$/ }), {
    doc: 'The Host header that backends get: `preserve` = that of the client (of the backend where a client of HTTP/1.0 names none), `backend` = host and port of the backend, anything else is sent as it stands. A route that sets `host` by a header rule goes before it.',
  })
  hostHeader: string = 'preserve';

  @Key(forwarder, {
    doc: 'What carries the requests: `default`, `http-proxy-middleware` (for its plug-ins; several times the cost), or the name of a forwarder that a module registers, with its options: `{ name: recorded, folder: tapes }`. `undici` is another name for `default`.',
  })
  forwarder: NamedChoice = { name: 'default', options: {} };

  @Key(list(choice(...leniences)), {
    doc: 'Faults of old backends that are passed over: `chunk-spaces` (white space behind a chunk size), `bare-lf` (lines of heads and chunks that end in LF alone), `repeated-length` (`Content-Length` twice with one value). Each can be read in two ways, so the backend must be one whose bytes no client can choose. Not with `http-proxy-middleware`.',
  })
  lenient: Lenience[] = [];

  @Block(() => ConnectionsConfig, { doc: 'Connections to each backend.' })
  connections: ConnectionsConfig = new ConnectionsConfig();

  @Block(() => TimeoutsConfig, { doc: 'How long a backend may take. A route may override each key.' })
  timeouts: TimeoutsConfig = new TimeoutsConfig();

  @Block(() => RetriesConfig, { doc: 'Second tries on other backends. A route may override each key.' })
  retries: RetriesConfig = new RetriesConfig();

  @Block(() => CircuitBreakerConfig, { doc: 'Takes a failing backend out by its own traffic.' })
  circuitBreaker: CircuitBreakerConfig = new CircuitBreakerConfig();

  @Block(() => FallbackConfig, {
    doc: 'What a client gets whenever the gateway would answer for this upstream with 502, 503 or 504: no backend may be used, none can be reached, none answers in time, or all are busy. What a backend itself answers is passed on.',
    defaultText: '503 with a problem document and Retry-After',
  })
  declare fallback?: FallbackConfig;

  @Block(() => HealthCheckConfig, { doc: 'Asks each backend regularly whether it can serve. Absent: off.' })
  declare healthCheck?: HealthCheckConfig;
}
