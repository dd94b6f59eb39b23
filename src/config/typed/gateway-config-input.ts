// Written by the program from the classes of the configuration: `node dist/config/showing/generate.js`.

/** A time: a number and its unit, `250ms`, `5s`, `1m`, `1h`; whole milliseconds. Where `0` means "off", the number 0 does too. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h'}`;

/** A number of bytes with its unit: `512b`, `16kb`, `10mb`, `1gb`, in powers of 1024. */
export type Size = `${number}${'b' | 'kb' | 'mb' | 'gb'}`;

/** A share in percent, `0%` to `100%`. Where one is expected, a number from 0 to 1 says the same. */
export type Percentage = `${number}%`;

/** An extension that a module registers, with the options that it declares beside its name. */
export interface ExtensionInput {
  /** The name that it is registered by. */
  readonly name: string;
  /** An option that the extension declares. Whether it does is said when the gateway starts. */
  readonly [option: string]: unknown;
}

/** One of the words that are known, or another text: a name that a module registers. */
export type OrName<Known extends string> = Known | (string & {});

/** A whole gateway, as a value: what one may write in a configuration file. Everything that is left out has its default; `${NAME}` is not replaced. Made into a configuration by `buildConfig`, which says what no type can. */
export interface GatewayConfigInput {
  /** Addresses that clients connect to. Default: one plain listener on port 8080. */
  readonly listeners?: readonly ListenerConfigInput[] | undefined;
  /** The side of the operator: health, metrics, dashboard, admin API. Never on a public listener. */
  readonly admin?: AdminConfigInput | undefined;
  /**
   * Address ranges whose `X-Forwarded-For`, `Forwarded` and PROXY headers, and all other `forwardedFields`, are believed. What others send under these names is replaced. A range that clients can come from lets them choose their own address. What such a proxy says in only one of `X-Forwarded-For` and `Forwarded` backends get in both; a proxy that writes only one must remove the other, or its clients write it.
   * @defaultValue `[]`
   */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Fields that say who asks, by which scheme, for what: taken out of the head and the trailers of a request unless it comes from one of `trustedProxies`. Look-alikes (`X_Forwarded_Ssl`, `X.Forwarded.For`) are always taken out. */
  readonly forwardedFields?: ForwardedFieldsConfigInput | undefined;
  /** Groups of backends, by name. */
  readonly upstreams?: Readonly<Record<string, UpstreamConfigInput>> | undefined;
  /** What happens to which requests. Required with several upstreams. Default: all requests go to the only upstream. */
  readonly routes?: readonly RouteConfigInput[] | undefined;
  /** How paths are compared. A `match` may override each key. */
  readonly routing?: RoutingConfigInput | undefined;
  /** What every request must pass, unless its route says otherwise. */
  readonly security?: SecurityConfigInput | undefined;
  /**
   * Where the counts of rate limits are kept: `memory` (exact across the workers of one process), or `{ redis: redis://host:6379, prefix: "gw:" }` for several machines.
   * @defaultValue `"memory"`
   */
  readonly rateLimitStore?: 'memory' | RedisStoreConfigInput | undefined;
  /** Upgraded connections. A route may override each key. */
  readonly websocket?: WebSocketConfigInput | undefined;
  /** Event streams. A route may override each key. */
  readonly sse?: SseConfigInput | undefined;
  /**
   * Worker threads for traffic, at most 63 of which run: `auto` = one for each core, `1` = all in one thread. An application of your own always runs one.
   * @defaultValue `"auto"`
   */
  readonly workers?: 'auto' | number | undefined;
  /** The id of each request. */
  readonly requestId?: RequestIdConfigInput | undefined;
  /** How the gateway stops. */
  readonly shutdown?: ShutdownConfigInput | undefined;
  /** When there is too much to do. */
  readonly overload?: OverloadConfigInput | undefined;
  /** The log. */
  readonly logging?: LoggingConfigInput | undefined;
  /** Metrics. */
  readonly metrics?: MetricsConfigInput | undefined;
  /** Traces. Absent: trace context is passed on untouched. */
  readonly tracing?: TracingConfigInput | undefined;
}

/** What may be written under `listeners[]`. */
export interface ListenerConfigInput {
  /** What logs, metrics and the admin API call it. Must be unique. Default: its port, or the path of its socket. */
  readonly name?: string | undefined;
  /**
   * Address to listen on. `0.0.0.0` is every IPv4 address of the machine, `::` every address.
   * @defaultValue `"0.0.0.0"`
   */
  readonly host?: string | undefined;
  /** Port to listen on. `0` = any free one; the log and the admin API say which. Default: `8080`, unless `unix` is given. */
  readonly port?: number | undefined;
  /** Path of a unix socket to listen on, instead of `host` and `port`. Relative to the file. */
  readonly unix?: string | undefined;
  /** Answers every request with a 308 redirect to the same host and path over https at this port. Nothing else is served then. */
  readonly redirectToHttps?: number | undefined;
  /**
   * Connections begin with a PROXY protocol header, version 1 or 2, that says who the client is. It is believed from `trustedProxies` only; connections from elsewhere, or without the header, are refused. On a unix socket everyone is believed who may connect to it.
   * @defaultValue `false`
   */
  readonly proxyProtocol?: boolean | undefined;
  /**
   * With `proxyProtocol`: believe the forwarding fields (`X-Forwarded-For`, `Forwarded`, …) on connections whose PROXY header names no client (`UNKNOWN`, `LOCAL`), if the proxy is one of `trustedProxies`. Trap: a proxy that only hands connections on lets its clients write these fields. By default such a request counts as one of the proxy itself, and what it says of others is replaced.
   * @defaultValue `false`
   */
  readonly trustUnknown?: boolean | undefined;
  /** HTTP/2 beside HTTP/1.1, chosen by ALPN. Only on listeners with `tls`. Default: `true` with `tls`, else `false`. */
  readonly http2?: boolean | undefined;
  /**
   * HTTP/2 with prior knowledge beside HTTP/1.1 on the same port (RFC 9113 §3.3), as gRPC clients inside a cluster speak it. A connection that begins with the preface of HTTP/2 is served as HTTP/2. Only on listeners without `tls`, where ALPN chooses instead. An offer to upgrade (`Upgrade: h2c`) is not taken, and browsers speak HTTP/2 over TLS only.
   * @defaultValue `false`
   */
  readonly h2c?: boolean | undefined;
  /** Makes it an https listener. Absent: plain HTTP. */
  readonly tls?: ListenerTlsConfigInput | undefined;
  /** Limits for clients of this listener. */
  readonly limits?: ListenerLimitsConfigInput | undefined;
}

/** What may be written under `listeners[].tls`. */
export interface ListenerTlsConfigInput {
  /** The certificates, chosen by SNI from the DNS names in their subjectAltName; a common name does not count. The first is the default for clients that send no name or an unknown one. */
  readonly certificates: readonly CertificateConfigInput[];
  /**
   * The oldest protocol version that is accepted. The ciphers are the forward-secret ones of the intermediate list that Mozilla recommends.
   * @defaultValue `"TLSv1.2"`
   */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  /** Asks clients for a certificate (mutual TLS). Backends are told of it in `X-Client-Cert-Subject` (RFC 4514) and `X-Client-Cert-Fingerprint` (SHA-256, hex); what clients send under these names is removed, on every listener. Absent: none is asked for. */
  readonly clientAuth?: ClientAuthConfigInput | undefined;
}

/** What may be written under `listeners[].tls.certificates[]`. */
export interface CertificateConfigInput {
  /** PEM file with the certificate, followed by the intermediate certificates that clients need to reach a known root. Read again when it changes, without a restart; a new one that cannot be used is reported in the log, and the old one stays. */
  readonly cert: string;
  /** PEM file with the private key, not encrypted. Only the user that runs the gateway should be able to read it. Read again when it changes. */
  readonly key: string;
}

/** What may be written under `listeners[].tls.clientAuth`. */
export interface ClientAuthConfigInput {
  /** PEM file with the authorities whose certificates are accepted from clients. Read again when it changes. */
  readonly ca: string;
  /**
   * `require`: a client without a valid certificate is refused in the handshake. `optional`: it may come without one, but not with an invalid one.
   * @defaultValue `"require"`
   */
  readonly mode?: 'require' | 'optional' | undefined;
}

/** What may be written under `listeners[].limits`. */
export interface ListenerLimitsConfigInput {
  /**
   * Open connections on this listener. More are refused at once, so that those that are open stay usable.
   * @defaultValue `20000`
   */
  readonly connections?: number | undefined;
  /**
   * Open connections of one address, or of one IPv6 /64, on this listener. More are closed at once. With `proxyProtocol` the address is the one that the proxy names. Trap: a proxy that passes requests of many clients on over its own connections is one client here, also when it is in `trustedProxies`. Clients of unix sockets have no address. `0` = no limit.
   * @defaultValue `0`
   */
  readonly connectionsPerClient?: number | undefined;
  /**
   * The whole request head must have arrived in this time after the connection opened or the last response ended, else 408. What stops a client that sends its head drop by drop. `0s` = off.
   * @defaultValue `"10s"`
   */
  readonly headerTimeout?: Duration | 0 | undefined;
  /**
   * The whole request, body included, must have arrived in this time, else 408. `0s` = off: large uploads over slow lines take long for good reasons, and `minBodyRate` is what stops a dripping client.
   * @defaultValue `"0s"`
   */
  readonly requestTimeout?: Duration | 0 | undefined;
  /**
   * An idle connection is closed after this time. Longer than the idle time of a load balancer in front of the gateway (60 s on most), or that one sends requests into connections that are being closed.
   * @defaultValue `"65s"`
   */
  readonly keepAliveTimeout?: Duration | 0 | undefined;
  /**
   * Requests on one connection before it is closed. `0` = no limit.
   * @defaultValue `0`
   */
  readonly requestsPerConnection?: number | undefined;
  /**
   * Bytes a second. A client that sends its body slower than this (on average, looked at after 20 s; after 5 s while others wait for the place at a backend that it holds) is cut with 408. Only the time counts in which the gateway waits for it: not while the backend does not read, nor while it waits for a connection or its `100 (Continue)` (for 30 s at most). A fast beginning excuses a rest of at most a minute. `0b` = off.
   * @defaultValue `"240b"`
   */
  readonly minBodyRate?: Size | 0 | undefined;
  /**
   * A client that reads nothing for this long while data waits for it is cut (499 in the log). The system takes up to a few megabytes before anything waits, and tells of what a client reads in large steps: keep this above half a minute. Never while the backend has nothing to send. `0s` = off.
   * @defaultValue `"60s"`
   */
  readonly writeTimeout?: Duration | 0 | undefined;
}

/** What may be written under `admin`. */
export interface AdminConfigInput {
  /**
   * Address to listen on. Anything but a loopback address needs a `token`.
   * @defaultValue `"127.0.0.1"`
   */
  readonly host?: string | undefined;
  /**
   * Port to listen on; never that of a public listener. `0` = any free one.
   * @defaultValue `9901`
   */
  readonly port?: number | undefined;
  /** When set, everything but `/health*` asks for `Authorization: Bearer <token>`, and `/health*` without it tells no more than the status. Required unless `host` is loopback. An empty text counts as not set, so that `${ADMIN_TOKEN:-}` works without the variable. */
  readonly token?: string | { readonly file: string } | undefined;
}

/** What may be written under `forwardedFields`. */
export interface ForwardedFieldsConfigInput {
  /**
   * Names of further fields by which your own proxies tell of clients: taken out of what anybody else sends.
   * @defaultValue `[]`
   */
  readonly add?: readonly string[] | undefined;
  /**
   * Names of the built-in list that anybody may send. Mind what your backends believe in them. The list: everything that begins with `X-Forwarded-` or `X-Original-`, and `Forwarded`, `X-Real-IP`, `X-Forwarded`, `Forwarded-For`, `Client-IP`, `X-Client-IP`, `X-Cluster-Client-IP`, `True-Client-IP`, `CF-Connecting-IP`, `CF-Connecting-IPv6`, `Fastly-Client-IP`, `Proxy-Client-IP`, `WL-Proxy-Client-IP`, `Front-End-Https`, `X-Scheme`, `X-Url-Scheme`, `X-Rewrite-URL`. A name that is not on it has no effect, of which `check` warns.
   * @defaultValue `[]`
   */
  readonly keep?: readonly string[] | undefined;
}

/** What may be written under `upstreams.<name>`. */
export interface UpstreamConfigInput {
  /**
   * How a backend is picked: `round-robin`, `random`, `least-connections`, `power-of-two-choices`, `peak-ewma`, `ip-hash`, `consistent-hash`, or the name of one that a module registers. With options: `{ name: consistent-hash, key: client-ip }`, where `key` is `client-ip`, `path`, `header:<name>` or `cookie:<name>`.
   * @defaultValue `"round-robin"`
   */
  readonly strategy?: OrName<'round-robin' | 'random' | 'least-connections' | 'power-of-two-choices' | 'peak-ewma' | 'ip-hash' | 'consistent-hash'> | { readonly name: OrName<'round-robin' | 'random' | 'least-connections' | 'power-of-two-choices' | 'peak-ewma' | 'ip-hash' | 'consistent-hash'>; readonly key?: string | undefined; readonly [option: string]: unknown } | undefined;
  /**
   * The servers. Each is a URL or a block. Default: none: this or `discovery` is required.
   * @defaultValue `[]`
   */
  readonly backends?: readonly (string | BackendConfigInput)[] | undefined;
  /** Finds backends while the gateway runs, instead of `backends` or beside them: through DNS, in a file, or by what a module registers (its name, or with options `{ name: registry, service: orders }`). The gateway waits for the first ones for up to two seconds before it listens, and starts without them. */
  readonly discovery?: DiscoveryConfigInput | string | (ExtensionInput & { readonly dns?: undefined }) | undefined;
  /** Keeps a client on its backend with a cookie, for as long as that backend is available. Absent: every request is balanced. `sticky: {}` takes all defaults. */
  readonly sticky?: StickyConfigInput | undefined;
  /**
   * A backend that comes back ramps up to its weight over this time, so that cold caches are not flooded. `0s` = off.
   * @defaultValue `"0s"`
   */
  readonly slowStart?: Duration | 0 | undefined;
  /**
   * Below this share of available backends, all of them are used again: when most look broken, the check is more likely to be. `0%` = never.
   * @defaultValue `"0%"`
   */
  readonly panicThreshold?: number | Percentage | undefined;
  /**
   * Protocol towards the backends. `http2` is chosen by ALPN over TLS, and with prior knowledge in cleartext: what gRPC needs. Not supported in this version.
   * @defaultValue `"http1"`
   */
  readonly protocol?: 'http1' | undefined;
  /** TLS towards `https` backends. Absent: the well-known authorities, verified. */
  readonly tls?: UpstreamTlsConfigInput | undefined;
  /**
   * The Host header that backends get: `preserve` = that of the client (of the backend where a client of HTTP/1.0 names none), `backend` = host and port of the backend, anything else is sent as it stands. A route that sets `host` by a header rule goes before it.
   * @defaultValue `"preserve"`
   */
  readonly hostHeader?: string | undefined;
  /**
   * What carries the requests: `default`, `http-proxy-middleware` (for its plug-ins; several times the cost), or the name of a forwarder that a module registers, with its options: `{ name: recorded, folder: tapes }`. `undici` is another name for `default`.
   * @defaultValue `"default"`
   */
  readonly forwarder?: OrName<'default' | 'undici' | 'http-proxy-middleware'> | ExtensionInput | undefined;
  /**
   * Faults of old backends that are passed over: `chunk-spaces` (white space behind a chunk size), `bare-lf` (lines of heads and chunks that end in LF alone), `repeated-length` (`Content-Length` twice with one value). Each can be read in two ways, so the backend must be one whose bytes no client can choose. Not with `http-proxy-middleware`.
   * @defaultValue `[]`
   */
  readonly lenient?: readonly ('chunk-spaces' | 'bare-lf' | 'repeated-length')[] | undefined;
  /** Connections to each backend. */
  readonly connections?: ConnectionsConfigInput | undefined;
  /** How long a backend may take. A route may override each key. */
  readonly timeouts?: TimeoutsConfigInput | undefined;
  /** Second tries on other backends. A route may override each key. */
  readonly retries?: RetriesConfigInput | undefined;
  /** Takes a failing backend out by its own traffic. */
  readonly circuitBreaker?: CircuitBreakerConfigInput | undefined;
  /** What a client gets whenever the gateway would answer for this upstream with 502, 503 or 504: no backend may be used, none can be reached, none answers in time, or all are busy. What a backend itself answers is passed on. Default: 503 with a problem document and Retry-After. */
  readonly fallback?: FallbackConfigInput | undefined;
  /** Asks each backend regularly whether it can serve. Absent: off. */
  readonly healthCheck?: HealthCheckConfigInput | undefined;
}

/** What may be written under `upstreams.<name>.backends[]`. */
export interface BackendConfigInput {
  /** Labels metrics, logs and the admin API, and is what hashing strategies are made of: give one where addresses change. Unique in its upstream. Default: host:port, or the path of the socket. */
  readonly id?: string | undefined;
  /** Scheme, host and port, without a path; `unix:/run/app.sock` for a unix socket. `https` verifies the certificate, see `tls` of the upstream. Default: none: this or `unix` is required. */
  readonly url?: string | undefined;
  /** Path of a unix socket, instead of `url`. Relative to the file. */
  readonly unix?: string | undefined;
  /**
   * Share of the traffic relative to its siblings, 1 to 1000.
   * @defaultValue `1`
   */
  readonly weight?: number | undefined;
  /**
   * Used only when no backend without this mark is available, and to retry what each of those has failed.
   * @defaultValue `false`
   */
  readonly backup?: boolean | undefined;
}

/** What may be written under `upstreams.<name>.discovery`. */
export interface DiscoveryConfigInput {
  /** Name that is looked up, in full: no search list is tried, so `orders` alone finds nothing on Kubernetes, and `orders.shop.svc.cluster.local` does. Each address is a backend (`10.0.0.1:3000` is its id). When a question fails, or the answer is that there is nothing (NXDOMAIN, no records), the backends of the last good answer stay. Default: none: this, `file` or `name` is required. */
  readonly dns?: string | undefined;
  /**
   * Record type. `SRV`: the records carry ports and weights; those of the lowest priority are used, the others are backups; their targets are looked up as A or, where one has none, as AAAA.
   * @defaultValue `"A"`
   */
  readonly type?: 'A' | 'AAAA' | 'SRV' | undefined;
  /** Port of the backends. Required with `A` and `AAAA`; not with `SRV`, whose records carry it. */
  readonly port?: number | undefined;
  /**
   * How the backends are spoken to. With `https`, say in `tls.serverName` which name their certificate carries: they are known by their addresses.
   * @defaultValue `"http"`
   */
  readonly scheme?: 'http' | 'https' | undefined;
  /**
   * Time between two questions. An answer whose TTL is shorter is asked for again when that is over, but not more often than each second. As long as there has been no good answer, a question is asked each second.
   * @defaultValue `"5s"`
   */
  readonly refresh?: Duration | undefined;
  /**
   * Addresses of the DNS servers that are asked, with or without a port (`127.0.0.1:8600`, `[::1]:53`), each when the ones before it fail. Default: those of the system (`/etc/resolv.conf`).
   * @defaultValue `[]`
   */
  readonly resolvers?: readonly string[] | undefined;
  /** YAML or JSON file with a list in the form of `backends`, instead of `dns`. It is read again when it changes, also when another file takes its name or a symbolic link on its way leads elsewhere. One that is broken is reported in the log with line and column, and the backends of the last good one stay; an empty list means none. Paths in it are relative to its folder; it has no variables. */
  readonly file?: string | undefined;
}

/** What may be written under `upstreams.<name>.sticky`. */
export interface StickyConfigInput {
  /** Name of the cookie. It holds nothing that names a backend in clear. Two upstreams that one host leads to need two names: they would overwrite the cookie of each other. Default: `gw_` and the name of the upstream. */
  readonly cookie?: string | undefined;
  /**
   * How long the client keeps it after it was last used: it is set anew in each eighth of that time in which it is used. `0s` = a session cookie, which goes when the browser closes.
   * @defaultValue `"0s"`
   */
  readonly ttl?: Duration | 0 | undefined;
  /**
   * Hides the cookie from scripts.
   * @defaultValue `true`
   */
  readonly httpOnly?: boolean | undefined;
  /**
   * Sends the cookie over https only. `auto` = when the request came over https.
   * @defaultValue `"auto"`
   */
  readonly secure?: boolean | 'auto' | undefined;
  /**
   * When browsers send it from other sites. `none` needs `secure: true`.
   * @defaultValue `"lax"`
   */
  readonly sameSite?: 'strict' | 'lax' | 'none' | undefined;
}

/** What may be written under `upstreams.<name>.tls`. */
export interface UpstreamTlsConfigInput {
  /** PEM file with the authorities that backends must be certified by, instead of the well-known ones. */
  readonly ca?: string | undefined;
  /** PEM file with the certificate that the gateway shows to backends (mutual TLS). Together with `key`. */
  readonly cert?: string | undefined;
  /** PEM file with the private key of `cert`. */
  readonly key?: string | undefined;
  /** Name that is sent as SNI and that the certificate of a backend must carry. Default: the host of the backend. */
  readonly serverName?: string | undefined;
  /**
   * Verifies the certificates of backends. `false` lets anyone on the way read and change the traffic: for tests only.
   * @defaultValue `true`
   */
  readonly verify?: boolean | undefined;
}

/** What may be written under `upstreams.<name>.connections`. */
export interface ConnectionsConfigInput {
  /**
   * Connections to one backend, for each worker. Requests beyond it wait in the queue. Requests whose clients are still sending get at most half of them, and half of the queue. Upgraded connections, and event streams that are asked for by `Accept`, take no place: they have limits of their own.
   * @defaultValue `256`
   */
  readonly max?: number | undefined;
  /**
   * An unused connection is closed after this time. Shorter than the keep-alive time of the backends, or requests run into connections that are being closed. A backend that tells its own (`Keep-Alive: timeout=5`) has its connections closed a second before.
   * @defaultValue `"60s"`
   */
  readonly idleTimeout?: Duration | undefined;
  /**
   * Requests that may wait for a connection to one backend, for each worker; more get 503.
   * @defaultValue `1024`
   */
  readonly queue?: number | undefined;
  /**
   * How long one may wait, then 503.
   * @defaultValue `"5s"`
   */
  readonly queueTimeout?: Duration | undefined;
}

/** What may be written under `upstreams.<name>.timeouts`. */
export interface TimeoutsConfigInput {
  /**
   * Until the connection stands, TLS included; then 504.
   * @defaultValue `"2s"`
   */
  readonly connect?: Duration | undefined;
  /**
   * Until the response head has arrived; then 504. `0s` = off.
   * @defaultValue `"30s"`
   */
  readonly response?: Duration | 0 | undefined;
  /**
   * Between two chunks of a body; then the response is cut. `0s` = off. Long polls and quiet streams need more.
   * @defaultValue `"60s"`
   */
  readonly idle?: Duration | 0 | undefined;
}

/** What may be written under `upstreams.<name>.retries`. */
export interface RetriesConfigInput {
  /**
   * Tries after the first, each on a backend that was not tried yet while there is one. A status is tried again only on such a backend that has room; else the answer is passed on. `0` = off.
   * @defaultValue `2`
   */
  readonly attempts?: number | undefined;
  /**
   * What is tried again: `connect-failure` (no byte was sent), `reset` (the connection ended before any byte of the response), `timeout` (no response head in time), `5xx`, or any status from 400. Never once the response head went to the client.
   * @defaultValue `["connect-failure","reset",502,503,504]`
   */
  readonly on?: readonly ('connect-failure' | 'reset' | 'timeout' | '5xx' | number)[] | undefined;
  /**
   * Which requests may be sent twice: `idempotent` (GET HEAD OPTIONS PUT DELETE TRACE QUERY), `all`, or a list. With `all`, a POST may take effect twice when its answer is lost. A connect failure is safe for every method and needs no entry here.
   * @defaultValue `"idempotent"`
   */
  readonly methods?: 'idempotent' | 'all' | readonly string[] | undefined;
  /**
   * Request bodies up to this size are kept so that they can be sent again, and, where their length is declared, are waited for before they take a place at a backend; requests with larger ones are not retried once their body was begun. This much memory for each request in flight.
   * @defaultValue `"64kb"`
   */
  readonly bufferRequest?: Size | 0 | undefined;
  /**
   * Response head of one attempt. `0s` = what is left of `timeouts.response`, which is the time for all attempts together; or, with `timeout` in `on`, all of it for each attempt, so that a client may wait for as many times that as there are attempts.
   * @defaultValue `"0s"`
   */
  readonly tryTimeout?: Duration | 0 | undefined;
  /**
   * Retries and hedged attempts may add at most this share to the requests of the upstream, or 10 a second if that is more, so that retries do not bring down what is struggling.
   * @defaultValue `"20%"`
   */
  readonly budget?: number | Percentage | undefined;
  /**
   * Base of the wait before a retry; it doubles with each, and a random part of it (full jitter) is waited.
   * @defaultValue `"25ms"`
   */
  readonly backoff?: Duration | 0 | undefined;
  /**
   * Starts a second attempt on another backend when the first has not answered after this time, and takes whichever answers first; `p95` = the time that 95% of the recent answers took. Only for idempotent requests without a body; counts against `budget`.
   * @defaultValue `"off"`
   */
  readonly hedgeAfter?: 'off' | 'p95' | Duration | 0 | undefined;
}

/** What may be written under `upstreams.<name>.circuitBreaker`. */
export interface CircuitBreakerConfigInput {
  /**
   * Whether a failing backend is taken out by its own traffic.
   * @defaultValue `true`
   */
  readonly enabled?: boolean | undefined;
  /**
   * Share of failed requests in the window from which the circuit opens.
   * @defaultValue `"50%"`
   */
  readonly errorThreshold?: number | Percentage | undefined;
  /**
   * Requests in the window before it may open: keeps a single failure at night from opening it.
   * @defaultValue `20`
   */
  readonly volumeThreshold?: number | undefined;
  /**
   * Length of the sliding window.
   * @defaultValue `"10s"`
   */
  readonly window?: Duration | undefined;
  /**
   * How long an open circuit keeps requests away; then it is half-open and one trial decides.
   * @defaultValue `"15s"`
   */
  readonly openFor?: Duration | undefined;
  /**
   * What counts as a failure. Other 5xx than these are as a rule an application that answers: one broken page must not take out a server; `5xx` counts them all, and any status from 400 can be listed. `slow` is a response head later than `slowerThan`. What a client broke off never counts, nor what ends while it is still sending its body.
   * @defaultValue `["connect-failure","reset","timeout",502,503,504]`
   */
  readonly failOn?: readonly ('connect-failure' | 'reset' | 'timeout' | '5xx' | 'slow' | number)[] | undefined;
  /**
   * What `slow` means. Without `slow` in `failOn` it has no effect.
   * @defaultValue `"5s"`
   */
  readonly slowerThan?: Duration | undefined;
  /**
   * Soft failures (statuses, slow) may open at most this share of the circuits of an upstream, at least one, but never that of the last backend in use, unless there is a `fallback` or `100%` is written; hard ones (connect-failure, reset, timeout) any number: an answer that fails half the time beats none.
   * @defaultValue `"50%"`
   */
  readonly maxOpen?: number | Percentage | undefined;
  /**
   * Opens the circuit of a backend that fails many times as often as the other backends in use, although it stays below `errorThreshold`. Counts what `failOn` does, and answers of 500, 502, 503 and 504 whether or not they stand there. Bounded by `maxOpen` as soft failures are. Each time it lasts longer (`openFor`, twice, three times, …, at most ten times), and the backend comes back with a tenth of its weight at first. Not for upstreams where clients stay at a backend (`sticky`, `ip-hash`, `consistent-hash`): there a single client can make an outlier of one. `off`, or a block; `{}` takes all defaults. Default: `off`.
   * @defaultValue `"off"`
   */
  readonly outlier?: 'off' | OutlierConfigInput | undefined;
}

/** What may be written under `upstreams.<name>.circuitBreaker.outlier`. */
export interface OutlierConfigInput {
  /**
   * Whether backends are compared. `outlier: off` stands for `{ enabled: false }`.
   * @defaultValue `true`
   */
  readonly enabled?: boolean | undefined;
  /**
   * How many times the share of failures of its peers a backend must reach.
   * @defaultValue `5`
   */
  readonly factor?: number | undefined;
  /**
   * Requests that it, and its peers together, must have in the window.
   * @defaultValue `50`
   */
  readonly minRequests?: number | undefined;
  /**
   * Share of failures below which it is no outlier, however few its peers have.
   * @defaultValue `"10%"`
   */
  readonly minShare?: number | Percentage | undefined;
}

/** What may be written under `upstreams.<name>.fallback`. */
export interface FallbackConfigInput {
  /**
   * Status of the answer.
   * @defaultValue `503`
   */
  readonly status?: number | undefined;
  /** Header fields of the answer. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Body of the answer: a text, or `{ file: path }`, which is read once at start (at most 1mb). Default: a problem document. */
  readonly body?: string | { readonly file: string } | undefined;
  /** Another upstream that takes the request, instead of `status`, `headers` and `body`; not one that a backend may have acted on already, such as a POST whose connection ended, nor one whose body is too large to have been kept (`retries.bufferRequest`). Its own fallback is not used. */
  readonly upstream?: string | undefined;
}

/** What may be written under `upstreams.<name>.healthCheck`. */
export interface HealthCheckConfigInput {
  /**
   * `http` asks for `path`; `tcp` only opens a connection; or the name of a probe that a module registers, with its options: `{ name: redis-ping, db: 1 }`.
   * @defaultValue `"http"`
   */
  readonly type?: OrName<'http' | 'tcp'> | ExtensionInput | undefined;
  /**
   * Path that is asked for with GET. It should be cheap and say whether this backend can serve, not whether everything behind it can.
   * @defaultValue `"/healthz"`
   */
  readonly path?: string | undefined;
  /**
   * Time between two probes of a backend; spread, so that they do not all come at once.
   * @defaultValue `"5s"`
   */
  readonly interval?: Duration | undefined;
  /**
   * A probe without a result in this time, connecting included, has failed. Must not be longer than `interval`. Default: `2s`, or `interval` where that is shorter.
   * @defaultValue `"2s"`
   */
  readonly timeout?: Duration | undefined;
  /**
   * Successful probes in a row before an unhealthy backend gets traffic again.
   * @defaultValue `2`
   */
  readonly healthyAfter?: number | undefined;
  /**
   * Failed probes in a row before a backend gets no traffic.
   * @defaultValue `3`
   */
  readonly unhealthyAfter?: number | undefined;
  /**
   * Statuses that count as success. Redirects are not followed.
   * @defaultValue `"200-399"`
   */
  readonly expectStatus?: number | string | undefined;
  /** Text that the body must hold, within its first 64 kB. */
  readonly expectBody?: string | undefined;
  /** Header fields of the probe. `host` is host and port of the backend unless given here. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What may be written under `routes[]`. */
export interface RouteConfigInput {
  /** What logs, metrics and the admin API call it. Must be unique. Default: its path. */
  readonly name?: string | undefined;
  /** Which requests it takes. Absent: all. Of several routes that match the most specific wins (unless `priority` says otherwise): host, then path, then method and headers; on a tie the first in the file. */
  readonly match?: MatchConfigInput | undefined;
  /**
   * Routes with a higher priority are tried first, however specific the others are; between routes of one priority the most specific wins. For what specificity cannot settle: of a route by path and one by host, the one that is to win. The trap: a wide route with a priority takes the requests of narrower ones; `gatehouse check` warns of routes that no request reaches.
   * @defaultValue `0`
   */
  readonly priority?: number | undefined;
  /** Name of the upstream that the requests go to. Exactly one of `upstream`, `split`, `redirect` and `respond`. */
  readonly upstream?: string | undefined;
  /** Several upstreams that share the requests by weight: `[{ upstream: orders, weight: 95 }, { upstream: orders-canary, weight: 5 }]`. */
  readonly split?: readonly SplitConfigInput[] | undefined;
  /** Sends the client elsewhere. */
  readonly redirect?: RedirectConfigInput | undefined;
  /** Answers without a backend. */
  readonly respond?: RespondConfigInput | undefined;
  /** How the path changes on its way to the backend. Absent: it is passed on byte by byte. */
  readonly rewrite?: RewriteConfigInput | undefined;
  /** Header fields that are set, added or removed. */
  readonly headers?: RouteHeadersConfigInput | undefined;
  /** Overrides the timeouts of the upstream, key by key. */
  readonly timeouts?: RouteTimeoutsConfigInput | undefined;
  /** Overrides the retries of the upstream, key by key. */
  readonly retries?: RouteRetriesConfigInput | undefined;
  /** Sends copies of requests to another upstream and drops the answers. Absent: none. */
  readonly mirror?: MirrorConfigInput | undefined;
  /**
   * Change requests and responses on their way, in this order: the name of a class with `@Transformer` that a module registers, or a block with `name` and its options, `{ name: mask, fields: [card] }`. Not with `redirect` and `respond`.
   * @defaultValue `[]`
   */
  readonly transformers?: readonly (string | ExtensionInput)[] | undefined;
  /**
   * Compresses responses with br, zstd or gzip, by the Accept-Encoding of the client. Never event streams, and nothing that is compressed already. Not supported in this version.
   * @defaultValue `false`
   */
  readonly compress?: false | undefined;
  /** The same shape as the top-level `security`; replaces it key by key for this route. */
  readonly security?: RouteSecurityConfigInput | undefined;
  /** The same shape as the top-level `websocket`; replaces it key by key for this route. */
  readonly websocket?: RouteWebSocketConfigInput | undefined;
  /** The same shape as the top-level `sse`; replaces it key by key for this route. */
  readonly sse?: RouteSseConfigInput | undefined;
}

/** What may be written under `routes[].match`. */
export interface MatchConfigInput {
  /**
   * Hosts, without ports: exact, or `*.` and a domain for all names below it (not the domain itself). Empty = any.
   * @defaultValue `[]`
   */
  readonly hosts?: readonly string[] | undefined;
  /**
   * A path, or a list of them: exact (`/orders`), a prefix (`/orders/*`, which takes `/orders` too), or with `:name` segments. Looked at in its normalised form, so that no spelling evades a route. Empty = any.
   * @defaultValue `[]`
   */
  readonly path?: string | readonly string[] | undefined;
  /**
   * Request methods; spelling in lower case is taken too. Empty = any.
   * @defaultValue `[]`
   */
  readonly methods?: readonly string[] | undefined;
  /** Header fields: a text (exact), `{ pattern: "^v[0-9]+$" }` or `{ present: true }`. Names in any case. YAML numbers need quotes. A pattern is matched anywhere in the value unless it is anchored (`^`, `$`), in time that is linear in the value; back references and look-around, which a linear engine cannot match, are refused. */
  readonly headers?: Readonly<Record<string, string | { readonly pattern: string } | { readonly present: boolean }>> | undefined;
  /** Query parameters, in the same forms as `headers`. */
  readonly query?: Readonly<Record<string, string | { readonly pattern: string } | { readonly present: boolean }>> | undefined;
  /** Whether upper and lower case differ in `path` (escapes are decoded first; what parameters take keeps its case). `false` where the backend takes `/ADMIN` for `/admin`. Default: that of `routing`. */
  readonly caseSensitive?: boolean | undefined;
  /** Whether a slash at the end of a path makes it another one: `exact`, or `ignore` for backends that take `/admin/` for `/admin`. A prefix (`/admin/*`) takes both. Default: that of `routing`. */
  readonly trailingSlash?: 'exact' | 'ignore' | undefined;
}

/** What may be written under `routes[].split[]`. */
export interface SplitConfigInput {
  /** Name of an upstream. */
  readonly upstream: string;
  /** Share of the requests, relative to the other weights of the split. `0` = none, for a canary that is not out yet. */
  readonly weight: number;
}

/** What may be written under `routes[].redirect`. */
export interface RedirectConfigInput {
  /** Where to: a URL, or a path on the same host. `:name` is what that segment of the match was, `:rest` what `*` matched. */
  readonly to: string;
  /**
   * 308 and 301 are permanent and cached by browsers; 307 and 302 are not. 307 and 308 keep the method.
   * @defaultValue `308`
   */
  readonly status?: 301 | 302 | 303 | 307 | 308 | undefined;
}

/** What may be written under `routes[].respond`. */
export interface RespondConfigInput {
  /**
   * Status of the answer.
   * @defaultValue `200`
   */
  readonly status?: number | undefined;
  /** Header fields of the answer. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Body of the answer: a text, or `{ file: path }`, which is read once at start (at most 1mb). */
  readonly body?: string | { readonly file: string } | undefined;
}

/** What may be written under `routes[].rewrite`. */
export interface RewriteConfigInput {
  /** Takes this off the beginning of the path: `/orders/7` with `/orders` becomes `/7`. Whole segments only. */
  readonly stripPrefix?: string | undefined;
  /** Replaces the beginning of the path: `[/orders, /v2/orders]`. Whole segments only. */
  readonly replacePrefix?: readonly [string, string] | undefined;
  /** The whole new path, with the parameters of the match: `/x/:id`, and `:rest` for what `*` matched. */
  readonly path?: string | undefined;
}

/** What may be written under `routes[].headers`. */
export interface RouteHeadersConfigInput {
  /** On the way to the backend. `Host` can be set, in place of what `hostHeader` of the upstream says, and neither added nor removed. */
  readonly request?: HeaderRulesConfigInput | undefined;
  /** On the way to the client. */
  readonly response?: HeaderRulesConfigInput | undefined;
}

/** What may be written under `routes[].headers.request`. */
export interface HeaderRulesConfigInput {
  /** Fields that replace those of the same name, and look-alikes (`X_Tier` for `X-Tier`). Values go out as UTF-8. */
  readonly set?: Readonly<Record<string, string>> | undefined;
  /** Fields that are sent beside those of the same name. */
  readonly add?: Readonly<Record<string, string>> | undefined;
  /**
   * Names of fields that are taken out, with their look-alikes, of trailers too.
   * @defaultValue `[]`
   */
  readonly remove?: readonly string[] | undefined;
}

/** What may be written under `routes[].timeouts`. */
export interface RouteTimeoutsConfigInput {
  /** Until the connection stands, TLS included; then 504. Default: that of the upstream. */
  readonly connect?: Duration | undefined;
  /** Until the response head has arrived; then 504. `0s` = off. Default: that of the upstream. */
  readonly response?: Duration | 0 | undefined;
  /** Between two chunks of a body; then the response is cut. `0s` = off. Long polls and quiet streams need more. Default: that of the upstream. */
  readonly idle?: Duration | 0 | undefined;
}

/** What may be written under `routes[].retries`. */
export interface RouteRetriesConfigInput {
  /** Tries after the first, each on a backend that was not tried yet while there is one. A status is tried again only on such a backend that has room; else the answer is passed on. `0` = off. Default: that of the upstream. */
  readonly attempts?: number | undefined;
  /** What is tried again: `connect-failure` (no byte was sent), `reset` (the connection ended before any byte of the response), `timeout` (no response head in time), `5xx`, or any status from 400. Never once the response head went to the client. Default: that of the upstream. */
  readonly on?: readonly ('connect-failure' | 'reset' | 'timeout' | '5xx' | number)[] | undefined;
  /** Which requests may be sent twice: `idempotent` (GET HEAD OPTIONS PUT DELETE TRACE QUERY), `all`, or a list. With `all`, a POST may take effect twice when its answer is lost. A connect failure is safe for every method and needs no entry here. Default: that of the upstream. */
  readonly methods?: 'idempotent' | 'all' | readonly string[] | undefined;
  /** Request bodies up to this size are kept so that they can be sent again, and, where their length is declared, are waited for before they take a place at a backend; requests with larger ones are not retried once their body was begun. This much memory for each request in flight. Default: that of the upstream. */
  readonly bufferRequest?: Size | 0 | undefined;
  /** Response head of one attempt. `0s` = what is left of `timeouts.response`, which is the time for all attempts together; or, with `timeout` in `on`, all of it for each attempt, so that a client may wait for as many times that as there are attempts. Default: that of the upstream. */
  readonly tryTimeout?: Duration | 0 | undefined;
  /** Retries and hedged attempts may add at most this share to the requests of the upstream, or 10 a second if that is more, so that retries do not bring down what is struggling. Default: that of the upstream. */
  readonly budget?: number | Percentage | undefined;
  /** Base of the wait before a retry; it doubles with each, and a random part of it (full jitter) is waited. Default: that of the upstream. */
  readonly backoff?: Duration | 0 | undefined;
  /** Starts a second attempt on another backend when the first has not answered after this time, and takes whichever answers first; `p95` = the time that 95% of the recent answers took. Only for idempotent requests without a body; counts against `budget`. Default: that of the upstream. */
  readonly hedgeAfter?: 'off' | 'p95' | Duration | 0 | undefined;
}

/** What may be written under `routes[].mirror`. */
export interface MirrorConfigInput {
  /** Name of the upstream that gets the copies. Its answers are dropped, and its failures are never seen by clients. */
  readonly upstream: string;
  /**
   * Share of the requests that are copied. Mind that copies of writes take effect there.
   * @defaultValue `"10%"`
   */
  readonly share?: number | Percentage | undefined;
}

/** What may be written under `routes[].security`. */
export interface RouteSecurityConfigInput {
  /** Lets addresses in or keeps them out. Absent: all may come. */
  readonly ipFilter?: IpFilterConfigInput | undefined;
  /** A limit, or a list of them: all must allow. Absent: none. */
  readonly rateLimit?: RateLimitConfigInput | readonly RateLimitConfigInput[] | undefined;
  /** A limit for what is in flight at once, or a list of them: all must have a place. Counted in each process for itself. Absent: none. */
  readonly concurrency?: ConcurrencyConfigInput | readonly ConcurrencyConfigInput[] | undefined;
  /** Who may come. Absent: everyone. */
  readonly auth?: AuthConfigInput | undefined;
  /** Cross-origin requests of browsers. Absent: the backend answers for itself. */
  readonly cors?: CorsConfigInput | undefined;
  /** Header fields that browsers protect users by. Absent: none are added. */
  readonly headers?: SecurityHeadersConfigInput | undefined;
  /** Policies of your own, asked in this order after all others: the name of a class with `@Policy`, or a block with `name` and its options. Absent: none. */
  readonly policies?: readonly (string | ExtensionInput)[] | undefined;
  /** What a request must be like. */
  readonly validation?: RouteValidationConfigInput | undefined;
}

/** What may be written under `routes[].security.ipFilter`. */
export interface IpFilterConfigInput {
  /**
   * Ranges that are let in. Not empty: everything else gets 403, the clients of unix sockets among them, which have no address.
   * @defaultValue `[]`
   */
  readonly allow?: readonly string[] | undefined;
  /**
   * Ranges that get 403. Wins over `allow`.
   * @defaultValue `[]`
   */
  readonly deny?: readonly string[] | undefined;
}

/** What may be written under `routes[].security.rateLimit`. */
export interface RateLimitConfigInput {
  /** Requests in the time of `per`; more get 429 with Retry-After. */
  readonly limit: number;
  /**
   * The time that `limit` is for; it is refilled evenly, not all at once.
   * @defaultValue `"1s"`
   */
  readonly per?: Duration | undefined;
  /** How many may come at once. Default: `limit`. */
  readonly burst?: number | undefined;
  /**
   * What has a limit of its own: `client-ip`, `global` (all together), `header:<name>`, or, after authentication, `identity` (the id of an API key, a user, the `sub` of a token) and `jwt:<claim>`. Requests without the header, identity or claim count by their address. A header that anyone may set is no limit: use it behind authentication.
   * @defaultValue `"client-ip"`
   */
  readonly key?: string | undefined;
  /**
   * Addresses of one IPv6 network of this prefix count as one client: a single home line has a whole /64.
   * @defaultValue `64`
   */
  readonly ipv6Prefix?: number | undefined;
  /**
   * When the shared store is out of reach: each machine counts for itself, all is allowed, or all is denied with 503.
   * @defaultValue `"local"`
   */
  readonly onStoreFailure?: 'local' | 'allow' | 'deny' | undefined;
}

/** What may be written under `routes[].security.concurrency`. */
export interface ConcurrencyConfigInput {
  /** Requests, event streams and tunnels in flight at once; more get 429 with Retry-After. Each counts from here until its answer has been sent, its stream or tunnel has ended, or its client has gone; one that is tried again counts once. */
  readonly limit: number;
  /**
   * What has a limit of its own; as in `rateLimit`.
   * @defaultValue `"client-ip"`
   */
  readonly key?: string | undefined;
  /**
   * Addresses of one IPv6 network of this prefix count as one client.
   * @defaultValue `64`
   */
  readonly ipv6Prefix?: number | undefined;
}

/** What may be written under `routes[].security.auth`. */
export interface AuthConfigInput {
  /** JSON Web Tokens. */
  readonly jwt?: JwtConfigInput | undefined;
  /** API keys. */
  readonly apiKey?: ApiKeyConfigInput | undefined;
  /** User name and password. */
  readonly basic?: BasicAuthConfigInput | undefined;
  /** Asks another service. */
  readonly forward?: ForwardAuthConfigInput | undefined;
  /**
   * Whether one of the methods given is enough, or all must agree. `off`, on a route and without methods: the route needs no credentials, even if the top-level block requires them.
   * @defaultValue `"any"`
   */
  readonly mode?: 'any' | 'all' | 'off' | undefined;
  /** A header field that tells the backend who sends a request, whichever method has found it out: the id of the API key, the user name, the `sub` of a token, the first of `forward.copyHeaders`. In UTF-8; a value that cannot stand in a field unchanged is left out. What a client sent under this name is removed, on every route. */
  readonly forwardUser?: string | undefined;
  /**
   * Whether the backend gets the credentials that let the request through: `Authorization` of `jwt` and `basic`, the field of `apiKey`. Others in these fields, and what any method has refused, are removed in any case. Without `jwt` and `basic`, `Authorization` passes; with `forward`, only where that has let the request through.
   * @defaultValue `false`
   */
  readonly forwardCredentials?: boolean | undefined;
}

/** What may be written under `routes[].security.auth.jwt`. */
export interface JwtConfigInput {
  /** Where the public keys are. They are fetched in the background at start, every ten minutes, and when a token names an unknown key (once in 10 s at most). Until they are there a request with a token gets 503. At most 100 keys. A token that names none (`kid`) is checked by the first 10 that fit its algorithm. */
  readonly jwks: string;
  /** PEM file with the authorities that the server of `jwks` must be certified by, instead of the well-known ones. Read again with each fetch. */
  readonly ca?: string | undefined;
  /** What `iss` must be. */
  readonly issuer: string;
  /** What `aud` must be or contain. Without it, a token for any other service of the same issuer would do. */
  readonly audience: string;
  /**
   * Signature algorithms that are accepted. Only those with a public key: `none` and shared secrets are not offered.
   * @defaultValue `["RS256","ES256"]`
   */
  readonly algorithms?: readonly ('RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA')[] | undefined;
  /** Claims that the backend gets as header fields: `{ sub: x-user-id }`. Texts (in UTF-8), numbers, booleans, and lists of them, joined by commas; a value that cannot stand in a field unchanged is left out. What a client sent under these names is removed, on every route. */
  readonly forwardClaims?: Readonly<Record<string, string>> | undefined;
}

/** What may be written under `routes[].security.auth.apiKey`. */
export interface ApiKeyConfigInput {
  /**
   * Header field that carries the key.
   * @defaultValue `"x-api-key"`
   */
  readonly header?: string | undefined;
  /** The keys that are accepted. */
  readonly keys: readonly ApiKeyEntryConfigInput[];
}

/** What may be written under `routes[].security.auth.apiKey.keys[]`. */
export interface ApiKeyEntryConfigInput {
  /** Who uses it: for logs and limits, never secret. */
  readonly id: string;
  /** SHA-256 of the key in hexadecimal digits (`printf %s "$KEY" | sha256sum`), so that the file does not hold the key itself. */
  readonly sha256: string | { readonly file: string };
}

/** What may be written under `routes[].security.auth.basic`. */
export interface BasicAuthConfigInput {
  /**
   * What the browser shows when it asks for the password.
   * @defaultValue `"gatehouse"`
   */
  readonly realm?: string | undefined;
  /** The users. */
  readonly users: readonly BasicUserConfigInput[];
}

/** What may be written under `routes[].security.auth.basic.users[]`. */
export interface BasicUserConfigInput {
  /** User name. */
  readonly name: string;
  /** scrypt hash of the password in the PHC string format, as `gatehouse hash-password` prints it. */
  readonly scrypt: string | { readonly file: string };
}

/** What may be written under `routes[].security.auth.forward`. */
export interface ForwardAuthConfigInput {
  /** It is asked about each request with its head, without the body: a 2xx lets the request through, any other answer goes to the client. */
  readonly url: string;
  /** PEM file with the authorities that it must be certified by, instead of the well-known ones. */
  readonly ca?: string | undefined;
  /**
   * Header fields of its answer that the backend gets. What a client sent under these names is removed, on every route (`authorization` and `cookie`: on this one).
   * @defaultValue `[]`
   */
  readonly copyHeaders?: readonly string[] | undefined;
  /**
   * Its whole answer must be there in this time, or the client gets 503.
   * @defaultValue `"2s"`
   */
  readonly timeout?: Duration | undefined;
}

/** What may be written under `routes[].security.cors`. */
export interface CorsConfigInput {
  /** Origins that may read answers; `https://*.app.example` for all names below one, `*` for all. Requests of others are not held up, but their browsers let no script see the answer; their preflights get 403. */
  readonly origins: readonly string[];
  /** Methods that are allowed beyond GET, HEAD and POST. Default: what the preflight asks for. */
  readonly methods?: readonly string[] | undefined;
  /** Request header fields that are allowed. Default: what the preflight asks for. */
  readonly headers?: readonly string[] | undefined;
  /**
   * Response header fields that scripts may read.
   * @defaultValue `[]`
   */
  readonly exposeHeaders?: readonly string[] | undefined;
  /**
   * Whether cookies and credentials may be sent. Not together with `*`.
   * @defaultValue `false`
   */
  readonly credentials?: boolean | undefined;
  /**
   * How long browsers may remember the answer to a preflight.
   * @defaultValue `"10m"`
   */
  readonly maxAge?: Duration | 0 | undefined;
}

/** What may be written under `routes[].security.headers`. */
export interface SecurityHeadersConfigInput {
  /**
   * `Strict-Transport-Security`, on https only; `off` leaves it out.
   * @defaultValue `"max-age=31536000"`
   */
  readonly hsts?: 'off' | string | undefined;
  /**
   * `X-Content-Type-Options: nosniff`.
   * @defaultValue `true`
   */
  readonly contentTypeOptions?: boolean | undefined;
  /**
   * `X-Frame-Options`; `off` leaves it out.
   * @defaultValue `"DENY"`
   */
  readonly frameOptions?: 'off' | string | undefined;
  /**
   * `Referrer-Policy`; `off` leaves it out.
   * @defaultValue `"no-referrer"`
   */
  readonly referrerPolicy?: 'off' | string | undefined;
}

/** What may be written under `routes[].security.validation`. */
export interface RouteValidationConfigInput {
  /** Allowed methods, or `any`; others get 405 with Allow. Default: that of the top-level block. */
  readonly methods?: 'any' | readonly string[] | undefined;
  /** Largest request body, else 413. Counted while it streams, never buffered. `0b` = no limit. Default: that of the top-level block. */
  readonly maxBody?: Size | 0 | undefined;
  /** Longest request target (path and query), else 414. For the whole gateway only: it holds before a route is known. Default: that of the top-level block. */
  readonly maxUrl?: Size | undefined;
  /** Most header fields, else 431. For the whole gateway only. Default: that of the top-level block. */
  readonly maxHeaders?: number | undefined;
  /** Size of all header fields together, else 431. For the whole gateway only. Default: that of the top-level block. */
  readonly maxHeaderSize?: Size | undefined;
  /** Allowed content types of request bodies, or `any`; others get 415. Default: that of the top-level block. */
  readonly contentTypes?: 'any' | readonly string[] | undefined;
  /** Header fields that a request must have, else 400. Default: that of the top-level block. */
  readonly requireHeaders?: readonly string[] | undefined;
  /** Header names with an underscore (or a dot, or anything else but letters, digits and dashes), which many backends take for the name with a dash: forwarded, removed, or refused with 400. As trailers they are not passed on unless they are kept. Look-alikes of the forwarding headers (`X_Forwarded_For`) are always removed. Default: that of the top-level block. */
  readonly underscoreHeaders?: 'keep' | 'remove' | 'reject' | undefined;
  /** How odd spellings of a path are treated. `strict` stands for `reject` under every key: what could be read in two ways is refused. */
  readonly path?: 'strict' | RoutePathValidationConfigInput | undefined;
  /** A JSON Schema for JSON bodies. Absent: bodies are not looked into. Default: that of the top-level block. */
  readonly body?: BodyValidationConfigInput | undefined;
}

/** What may be written under `routes[].security.validation.path`. */
export interface RoutePathValidationConfigInput {
  /** `.` and `..` segments, also spelled `%2e`: resolved, refused with 400, or forwarded as they are. With `keep`, mind that the backend resolves them after the gateway has chosen the route. Default: that of the top-level block. */
  readonly dotSegments?: 'normalize' | 'reject' | 'keep' | undefined;
  /** Empty segments (`//`): forwarded, merged into one slash, or refused with 400. Default: that of the top-level block. */
  readonly duplicateSlashes?: 'keep' | 'merge' | 'reject' | undefined;
  /** `%2F` and `%5C`: forwarded, or refused with 400. Default: that of the top-level block. */
  readonly encodedSlash?: 'keep' | 'reject' | undefined;
  /** `%3F` and `%23`: forwarded, or refused with 400. Where a backend decodes a path before it passes it on or rewrites it (nginx with `proxy_pass http://app$uri`), the path ends there for the next one. Default: that of the top-level block. */
  readonly encodedDelimiters?: 'keep' | 'reject' | undefined;
  /** Encoded control characters, `%00` to `%1F` and `%7F`: forwarded, or refused with 400. Default: that of the top-level block. */
  readonly controls?: 'keep' | 'reject' | undefined;
  /** A raw `\`, which no URI may hold and which some servers take for a slash: refused with 400, or forwarded. `%5C` falls under `encodedSlash`. Default: that of the top-level block. */
  readonly backslash?: 'reject' | 'keep' | undefined;
  /** `;` and what follows in a segment, also as `%3B`: forwarded, or refused with 400. Java servers leave it out, so that `/admin;x` is `/admin` to them. Default: that of the top-level block. */
  readonly pathParameters?: 'keep' | 'reject' | undefined;
  /** Escapes that are escaped again (`%252F`): forwarded, or refused with 400. For backends behind which something decodes once more. Default: that of the top-level block. */
  readonly doubleEncoding?: 'keep' | 'reject' | undefined;
  /** `%20` and `%09` at the end of a segment: forwarded, or refused with 400. Some servers leave them out, so that `/admin%20` is `/admin` to them. Default: that of the top-level block. */
  readonly trailingSpace?: 'keep' | 'reject' | undefined;
}

/** What may be written under `routes[].security.validation.body`. */
export interface BodyValidationConfigInput {
  /** JSON Schema that JSON bodies must satisfy, else 422 with the failing places. The body is held in memory to look at it, so `maxBody` is required with it. */
  readonly schema: string;
}

/** What may be written under `routes[].websocket`. */
export interface RouteWebSocketConfigInput {
  /** Whether connections may be upgraded at all. Default: that of the top-level block. */
  readonly enabled?: boolean | undefined;
  /** Protocols that may be upgraded to, or `any`. A request for another one is answered without an upgrade, as is every request for HTTP itself (`h2c`, `HTTP/2.0`) or TLS, which `any` does not include. Default: that of the top-level block. */
  readonly upgrades?: 'any' | readonly string[] | undefined;
  /** Allowed Origin values of a handshake, against cross-site hijacking. Empty = any. Default: that of the top-level block. */
  readonly origins?: readonly string[] | undefined;
  /** A connection without a frame either way for this long is closed. `0s` = off. Default: that of the top-level block. */
  readonly idleTimeout?: Duration | 0 | undefined;
  /** The gateway pings both sides in this rhythm, which keeps connections through other proxies alive. `0s` = off. Default: that of the top-level block. */
  readonly pingInterval?: Duration | 0 | undefined;
  /** Largest frame; on a larger one both sides are closed with 1009. Default: that of the top-level block. */
  readonly maxFrame?: Size | undefined;
  /** Open connections, in all workers together; more get 503. Default: that of the top-level block. */
  readonly maxConnections?: number | undefined;
}

/** What may be written under `routes[].sse`. */
export interface RouteSseConfigInput {
  /** A comment line is sent after this time without an event, which keeps the stream through other proxies alive. Never inside an event, and never into a body of declared length or with a content coding. `0s` = off. Default: that of the top-level block. */
  readonly heartbeat?: Duration | 0 | undefined;
  /** A stream whose backend sends nothing for this long, not even a comment, is cut (with `resume`: goes on at another one). Takes the place of `timeouts.idle`. `0s` = never: quiet streams are normal. Default: that of the top-level block. */
  readonly idleTimeout?: Duration | 0 | undefined;
  /** A stream whose backend dies goes on at another one, with `Last-Event-ID`. Only for backends that can go on from an id of their siblings. Default: that of the top-level block. */
  readonly resume?: boolean | undefined;
  /** Open event streams, in all workers together; more get 503, after which an EventSource does not try again. On a route: those of that route alone, which then count nowhere else. Default: that of the top-level block. */
  readonly maxConnections?: number | undefined;
}

/** What may be written under `routing`. */
export interface RoutingConfigInput {
  /**
   * Whether `/admin` and `/ADMIN` are two paths. Backends such as Express and IIS take them for one: a route that protects such a backend needs `false`, or `/ADMIN` goes by the next route that fits, past its policies.
   * @defaultValue `true`
   */
  readonly caseSensitive?: boolean | undefined;
  /**
   * Whether `/admin` and `/admin/` are two paths (`exact`) or one (`ignore`). Express, Django, Rails and others take them for one: an exact path that protects such a backend needs `ignore`. A prefix (`/admin/*`) takes both in any case.
   * @defaultValue `"exact"`
   */
  readonly trailingSlash?: 'exact' | 'ignore' | undefined;
}

/** What may be written under `security`. */
export interface SecurityConfigInput {
  /** Lets addresses in or keeps them out. Absent: all may come. */
  readonly ipFilter?: IpFilterConfigInput | undefined;
  /** A limit, or a list of them: all must allow. Absent: none. */
  readonly rateLimit?: RateLimitConfigInput | readonly RateLimitConfigInput[] | undefined;
  /** A limit for what is in flight at once, or a list of them: all must have a place. Counted in each process for itself. Absent: none. */
  readonly concurrency?: ConcurrencyConfigInput | readonly ConcurrencyConfigInput[] | undefined;
  /** Who may come. Absent: everyone. */
  readonly auth?: AuthConfigInput | undefined;
  /** Cross-origin requests of browsers. Absent: the backend answers for itself. */
  readonly cors?: CorsConfigInput | undefined;
  /** Header fields that browsers protect users by. Absent: none are added. */
  readonly headers?: SecurityHeadersConfigInput | undefined;
  /** Policies of your own, asked in this order after all others: the name of a class with `@Policy`, or a block with `name` and its options. Absent: none. */
  readonly policies?: readonly (string | ExtensionInput)[] | undefined;
  /** What a request must be like. */
  readonly validation?: ValidationConfigInput | undefined;
}

/** What may be written under `security.validation`. */
export interface ValidationConfigInput {
  /**
   * Allowed methods, or `any`; others get 405 with Allow.
   * @defaultValue `"any"`
   */
  readonly methods?: 'any' | readonly string[] | undefined;
  /**
   * Largest request body, else 413. Counted while it streams, never buffered. `0b` = no limit.
   * @defaultValue `"0b"`
   */
  readonly maxBody?: Size | 0 | undefined;
  /**
   * Longest request target (path and query), else 414. For the whole gateway only: it holds before a route is known.
   * @defaultValue `"16kb"`
   */
  readonly maxUrl?: Size | undefined;
  /**
   * Most header fields, else 431. For the whole gateway only.
   * @defaultValue `100`
   */
  readonly maxHeaders?: number | undefined;
  /**
   * Size of all header fields together, else 431. For the whole gateway only.
   * @defaultValue `"32kb"`
   */
  readonly maxHeaderSize?: Size | undefined;
  /**
   * Allowed content types of request bodies, or `any`; others get 415.
   * @defaultValue `"any"`
   */
  readonly contentTypes?: 'any' | readonly string[] | undefined;
  /**
   * Header fields that a request must have, else 400.
   * @defaultValue `[]`
   */
  readonly requireHeaders?: readonly string[] | undefined;
  /**
   * Header names with an underscore (or a dot, or anything else but letters, digits and dashes), which many backends take for the name with a dash: forwarded, removed, or refused with 400. As trailers they are not passed on unless they are kept. Look-alikes of the forwarding headers (`X_Forwarded_For`) are always removed.
   * @defaultValue `"keep"`
   */
  readonly underscoreHeaders?: 'keep' | 'remove' | 'reject' | undefined;
  /** How odd spellings of a path are treated. `strict` stands for `reject` under every key: what could be read in two ways is refused. */
  readonly path?: 'strict' | PathValidationConfigInput | undefined;
  /** A JSON Schema for JSON bodies. Absent: bodies are not looked into. */
  readonly body?: BodyValidationConfigInput | undefined;
}

/** What may be written under `security.validation.path`. */
export interface PathValidationConfigInput {
  /**
   * `.` and `..` segments, also spelled `%2e`: resolved, refused with 400, or forwarded as they are. With `keep`, mind that the backend resolves them after the gateway has chosen the route.
   * @defaultValue `"normalize"`
   */
  readonly dotSegments?: 'normalize' | 'reject' | 'keep' | undefined;
  /**
   * Empty segments (`//`): forwarded, merged into one slash, or refused with 400.
   * @defaultValue `"keep"`
   */
  readonly duplicateSlashes?: 'keep' | 'merge' | 'reject' | undefined;
  /**
   * `%2F` and `%5C`: forwarded, or refused with 400.
   * @defaultValue `"keep"`
   */
  readonly encodedSlash?: 'keep' | 'reject' | undefined;
  /**
   * `%3F` and `%23`: forwarded, or refused with 400. Where a backend decodes a path before it passes it on or rewrites it (nginx with `proxy_pass http://app$uri`), the path ends there for the next one.
   * @defaultValue `"keep"`
   */
  readonly encodedDelimiters?: 'keep' | 'reject' | undefined;
  /**
   * Encoded control characters, `%00` to `%1F` and `%7F`: forwarded, or refused with 400.
   * @defaultValue `"keep"`
   */
  readonly controls?: 'keep' | 'reject' | undefined;
  /**
   * A raw `\`, which no URI may hold and which some servers take for a slash: refused with 400, or forwarded. `%5C` falls under `encodedSlash`.
   * @defaultValue `"reject"`
   */
  readonly backslash?: 'reject' | 'keep' | undefined;
  /**
   * `;` and what follows in a segment, also as `%3B`: forwarded, or refused with 400. Java servers leave it out, so that `/admin;x` is `/admin` to them.
   * @defaultValue `"keep"`
   */
  readonly pathParameters?: 'keep' | 'reject' | undefined;
  /**
   * Escapes that are escaped again (`%252F`): forwarded, or refused with 400. For backends behind which something decodes once more.
   * @defaultValue `"keep"`
   */
  readonly doubleEncoding?: 'keep' | 'reject' | undefined;
  /**
   * `%20` and `%09` at the end of a segment: forwarded, or refused with 400. Some servers leave them out, so that `/admin%20` is `/admin` to them.
   * @defaultValue `"keep"`
   */
  readonly trailingSpace?: 'keep' | 'reject' | undefined;
}

/** What may be written under `rateLimitStore`. */
export interface RedisStoreConfigInput {
  /** Where it is; `rediss` for TLS. */
  readonly redis: string;
  /**
   * What its keys begin with, for several gateways on one server.
   * @defaultValue `"gw:"`
   */
  readonly prefix?: string | undefined;
}

/** What may be written under `websocket`. */
export interface WebSocketConfigInput {
  /**
   * Whether connections may be upgraded at all.
   * @defaultValue `true`
   */
  readonly enabled?: boolean | undefined;
  /**
   * Protocols that may be upgraded to, or `any`. A request for another one is answered without an upgrade, as is every request for HTTP itself (`h2c`, `HTTP/2.0`) or TLS, which `any` does not include.
   * @defaultValue `["websocket"]`
   */
  readonly upgrades?: 'any' | readonly string[] | undefined;
  /**
   * Allowed Origin values of a handshake, against cross-site hijacking. Empty = any.
   * @defaultValue `[]`
   */
  readonly origins?: readonly string[] | undefined;
  /**
   * A connection without a frame either way for this long is closed. `0s` = off.
   * @defaultValue `"10m"`
   */
  readonly idleTimeout?: Duration | 0 | undefined;
  /**
   * The gateway pings both sides in this rhythm, which keeps connections through other proxies alive. `0s` = off.
   * @defaultValue `"0s"`
   */
  readonly pingInterval?: Duration | 0 | undefined;
  /**
   * Largest frame; on a larger one both sides are closed with 1009.
   * @defaultValue `"16mb"`
   */
  readonly maxFrame?: Size | undefined;
  /**
   * Open connections, in all workers together; more get 503.
   * @defaultValue `10000`
   */
  readonly maxConnections?: number | undefined;
}

/** What may be written under `sse`. */
export interface SseConfigInput {
  /**
   * A comment line is sent after this time without an event, which keeps the stream through other proxies alive. Never inside an event, and never into a body of declared length or with a content coding. `0s` = off.
   * @defaultValue `"15s"`
   */
  readonly heartbeat?: Duration | 0 | undefined;
  /**
   * A stream whose backend sends nothing for this long, not even a comment, is cut (with `resume`: goes on at another one). Takes the place of `timeouts.idle`. `0s` = never: quiet streams are normal.
   * @defaultValue `"0s"`
   */
  readonly idleTimeout?: Duration | 0 | undefined;
  /**
   * A stream whose backend dies goes on at another one, with `Last-Event-ID`. Only for backends that can go on from an id of their siblings.
   * @defaultValue `false`
   */
  readonly resume?: boolean | undefined;
  /**
   * Open event streams, in all workers together; more get 503, after which an EventSource does not try again. On a route: those of that route alone, which then count nowhere else.
   * @defaultValue `10000`
   */
  readonly maxConnections?: number | undefined;
}

/** What may be written under `requestId`. */
export interface RequestIdConfigInput {
  /**
   * The field that carries it to the backend, and to the client. The id of a trusted proxy is kept where it is printable ASCII of at most 128 characters; any other request gets a new one (a random UUID). Not a field that has another meaning, nor one in which identities, API keys or `forwardedFields.add` stand.
   * @defaultValue `"x-request-id"`
   */
  readonly header?: string | undefined;
  /**
   * Whether the client gets it, with every answer, in place of what the backend says under this name. `false`: nothing is said of it in the fields of answers; those of backends pass.
   * @defaultValue `true`
   */
  readonly echo?: boolean | undefined;
}

/** What may be written under `shutdown`. */
export interface ShutdownConfigInput {
  /**
   * For this time after a SIGTERM readiness is 503 while the listeners still accept, and every answer says `Connection: close`: as long as load balancers in front need to see it. `grace` begins afterwards.
   * @defaultValue `"0s"`
   */
  readonly delay?: Duration | 0 | undefined;
  /**
   * Work in flight may end in this time after a SIGTERM; what is left then is cut. Shorter than the time after which the platform kills the process (30 s on Kubernetes, minus `delay` and its pre-stop delay).
   * @defaultValue `"30s"`
   */
  readonly grace?: Duration | 0 | undefined;
}

/** What may be written under `overload`. */
export interface OverloadConfigInput {
  /**
   * While the event loop of the gateway is delayed for longer than this, new requests get 503 with Retry-After; 0 = off. Requests under way, event streams, tunnels and the admin listener go on. An idle process has delays of a few milliseconds, garbage collection some tens: 100ms to 500ms tell an overload from these.
   * @defaultValue `"0s"`
   */
  readonly eventLoopDelay?: Duration | 0 | undefined;
}

/** What may be written under `logging`. */
export interface LoggingConfigInput {
  /**
   * The least important level that is written. Access lines are of the level `error` where the client got a 5xx or half an answer by the fault of the gateway or a backend, of `warn` where another try or a fallback has spared it that, and of `info` else.
   * @defaultValue `"info"`
   */
  readonly level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent' | undefined;
  /** `json`: one object on a line. `pretty`: for reading along; slower, so not for production. Default: `pretty` when standard output is a terminal, else `json`. */
  readonly format?: 'json' | 'pretty' | undefined;
  /**
   * How lines of JSON tell the time: `epoch`: milliseconds since 1970. `iso`: `2026-11-30T16:21:59.123Z`.
   * @defaultValue `"epoch"`
   */
  readonly time?: 'epoch' | 'iso' | undefined;
  /** One line for each exchange. */
  readonly access?: AccessLogConfigInput | undefined;
}

/** What may be written under `logging.access`. */
export interface AccessLogConfigInput {
  /**
   * Whether access lines are written.
   * @defaultValue `true`
   */
  readonly enabled?: boolean | undefined;
  /**
   * Share of the exchanges that get a line. Lines of the levels `warn` and `error` are always written. Metrics count all exchanges.
   * @defaultValue `"100%"`
   */
  readonly sample?: number | Percentage | undefined;
  /**
   * Paths without a line: `[/ping]`. In the forms of `match.path`.
   * @defaultValue `[]`
   */
  readonly exclude?: readonly string[] | undefined;
  /**
   * Header fields whose values never get into a log, beside those that carry API keys, `sec-websocket-protocol` and those whose names say that they hold secrets (auth, key, session, token …). Names that some servers take for them (`X_Key` for `X-Key`) are hidden too.
   * @defaultValue `["authorization","cookie","set-cookie"]`
   */
  readonly redact?: readonly string[] | undefined;
  /** Fields that are added to each line, by their names: `{ ua: user-agent, tenant: "header:x-tenant", size: "response-header:content-length", beta: "cookie:beta", mail: "claim:email", user: identity, tls: tls-version }`. A field without a value is left out; values beyond 1024 characters are cut. Names that say that they hold a secret are refused. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  /**
   * Writes only the lines for which one of these holds: `[5xx, 404, "slower:1s", retried]`. Failures that none of them names are not written either. Empty: all.
   * @defaultValue `[]`
   */
  readonly only?: readonly (string | number)[] | undefined;
  /**
   * Bits of IPv4 addresses of clients that are kept, the rest is written as 0; of IPv6 addresses four times as many. Fields in which proxies tell of clients are hidden then. `/32`: all.
   * @defaultValue `"/32"`
   */
  readonly maskAddress?: string | undefined;
  /** `json`: one object on a line. `pretty`: one line for people, in colour at a terminal. `combined`: as Apache and nginx write it, for tools that read it; the path is without its query. Default: as `logging.format`. */
  readonly format?: 'json' | 'pretty' | 'combined' | undefined;
  /**
   * A file for the access lines, which is appended to; opened again by its name on SIGUSR1, for tools that rotate files. Empty: they go to standard output, with the other lines.
   * @defaultValue `""`
   */
  readonly file?: string | undefined;
}

/** What may be written under `metrics`. */
export interface MetricsConfigInput {
  /**
   * Upper bounds of the histograms of durations, in seconds, ascending. Each bound is a time series for every route and upstream.
   * @defaultValue `[0.001,0.0025,0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5,10]`
   */
  readonly buckets?: readonly number[] | undefined;
  /**
   * The same for the latencies of each single backend. Each bound is a time series for every backend, so there are fewer; with `[]` only the number and the sum are counted, which give the mean.
   * @defaultValue `[0.005,0.025,0.1,0.25,1,2.5,10]`
   */
  readonly backendBuckets?: readonly number[] | undefined;
}

/** What may be written under `tracing`. */
export interface TracingConfigInput {
  /** Collector that takes OTLP over HTTP, in Protobuf. `/v1/traces` is added, unless the URL ends with it. */
  readonly otlp: string;
  /**
   * Share of the traces that begin here and are recorded, chosen by their ids. A trace that `parents` lets in keeps its decision.
   * @defaultValue `"10%"`
   */
  readonly sample?: number | Percentage | undefined;
  /**
   * Exchanges that take longer than this are recorded although they were not chosen (an event stream or a tunnel: until it begins); `0s` = they are not. Those that have failed by the fault of a backend or the gateway always are. At most 100 in a second for each thread.
   * @defaultValue `"1s"`
   */
  readonly slow?: Duration | 0 | undefined;
  /**
   * Header fields that carry the trace context: `w3c` = `traceparent` and `tracestate`.
   * @defaultValue `"w3c"`
   */
  readonly propagate?: 'w3c' | undefined;
  /**
   * Whose traces are continued: `trusted` = those of `trustedProxies`; a trace of anyone else gets a link, and a new trace begins. `all` = those of any client, which then decides what is recorded.
   * @defaultValue `"trusted"`
   */
  readonly parents?: 'trusted' | 'all' | undefined;
  /**
   * `service.name` of the spans.
   * @defaultValue `"gatehouse"`
   */
  readonly service?: string | undefined;
  /** More attributes of the resource that spans come from, such as `deployment.environment.name: production`. */
  readonly resource?: Readonly<Record<string, string>> | undefined;
  /** Fields of the messages to the collector, such as the token that it asks for. Never shown. */
  readonly headers?: Readonly<Record<string, string | { readonly file: string }>> | undefined;
  /**
   * How messages to the collector are compressed.
   * @defaultValue `"none"`
   */
  readonly compression?: 'none' | 'gzip' | undefined;
  /**
   * Time in which the collector must have taken a message, with repetitions where it refuses or cannot be reached for a while. What it has not taken then is lost, and counted.
   * @defaultValue `"10s"`
   */
  readonly timeout?: Duration | undefined;
}
