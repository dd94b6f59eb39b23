/**
 * What the admin API answers, as types alone: a front end may import them. Times are texts in ISO 8601 (UTC), durations are milliseconds, shares
 * are 0..1. What is not known is left out.
 */

/** Durations that half, nine of ten and 99 of a hundred requests were below: off by a fifth at most. */
export interface LatencyView {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** What has ended in the last minute. */
export interface TrafficFigures {
  readonly requests: number;
  readonly perSecond: number;
  /** Failed on the side of the gateway or of a backend. */
  readonly failed: number;
  readonly failedShare: number;
  /** Without event streams and tunnels. Of a backend: until the head of its answer. */
  readonly latency?: LatencyView | undefined;
}

/** What has ended in one second. */
export interface SecondView {
  readonly time: string;
  readonly requests: number;
  readonly failed: number;
  readonly statuses: StatusesView;
  readonly latency?: LatencyView | undefined;
}

/** Answers by the first digit of their status. */
export interface StatusesView {
  readonly '1xx': number;
  readonly '2xx': number;
  readonly '3xx': number;
  readonly '4xx': number;
  readonly '5xx': number;
}

/** The traffic of the last minute. */
export interface TrafficView extends TrafficFigures {
  readonly statuses: StatusesView;
  /** Requests that are under way now, event streams and tunnels included. */
  readonly inFlight: number;
  /** The last 60 whole seconds, the oldest first, those without traffic included. */
  readonly seconds: readonly SecondView[];
}

/** One row of the route table: a path of a route under its hosts of one kind. */
export interface RouteView {
  /** Place in matching order, from 1. */
  readonly order: number;
  readonly name: string;
  /** Absent: 0. */
  readonly priority?: number | undefined;
  readonly hosts: readonly string[];
  readonly path: string;
  readonly methods: readonly string[];
  readonly conditions: readonly string[];
  readonly target: string;
  readonly shadowedBy?: string | undefined;
  /** Of the whole route, also where it has several rows. Absent: none in the last minute. */
  readonly traffic?: TrafficFigures | undefined;
}

/** The traffic of one route in the last minute; `none`: what no route matches. */
export interface RouteTrafficView extends TrafficFigures {
  readonly name: string;
}

/** What is set by hand, and until when; without `until` until it is lifted. */
export interface ByHandView {
  readonly drained?: { readonly until?: string | undefined } | undefined;
  readonly weight?: { readonly value: number; readonly until?: string | undefined } | undefined;
  readonly breaker?: { readonly state: 'open'; readonly until?: string | undefined } | undefined;
}

/** The circuit breaker of a backend. Of several threads, the worst state. */
export interface BreakerView {
  readonly state: 'closed' | 'half-open' | 'open' | 'disabled';
  /** Of an open one: milliseconds until the next request may try; absent: it is held open by hand. */
  readonly retryIn?: number | undefined;
}

/** The last active health check of a backend. */
export interface ProbeView {
  readonly time: string;
  /** `inconclusive`: the gateway could not ask. */
  readonly result: 'healthy' | 'unhealthy' | 'inconclusive';
  readonly reason?: string | undefined;
}

/** A backend. */
export interface BackendView {
  readonly id: string;
  /** Origin, or `unix:` and the socket's path. Never with user name or password. */
  readonly url: string;
  /** The one in force; 0: no new requests. */
  readonly weight: number;
  /** The one of the configuration. */
  readonly configuredWeight?: number | undefined;
  readonly backup: boolean;
  readonly inFlight: number;
  /** It has no veto. */
  readonly available: boolean;
  /** Why it gets no requests: `unhealthy`, `circuit-open`, `draining`, `removed`. */
  readonly vetoes: readonly string[];
  /** What is known of each veto, by its name. */
  readonly reasons?: Readonly<Record<string, string>> | undefined;
  readonly byHand?: ByHandView | undefined;
  readonly breaker?: BreakerView | undefined;
  readonly probe?: ProbeView | undefined;
  readonly connections?: ConnectionsView | undefined;
  /** Attempts of the last minute: a request that is tried again counts for each try. Absent: there were none. */
  readonly traffic?: TrafficFigures | undefined;
}

/** Connections to a backend, of all threads. */
export interface ConnectionsView {
  readonly active: number;
  readonly idle: number;
  /** Requests that wait for one. */
  readonly waiting: number;
}

/** An upstream with its backends. */
export interface UpstreamView {
  readonly name: string;
  readonly strategy: string;
  /** Too many backends have a veto: requests go to them in spite of it. */
  readonly panicking?: boolean | undefined;
  /** Why discovery cannot say which backends there are now. */
  readonly discoveryFailure?: string | undefined;
  readonly backends: readonly BackendView[];
  /** Backends that are not there now, and for which something is set by hand. */
  readonly gone?: readonly { readonly id: string; readonly byHand: ByHandView }[] | undefined;
}

/** An open event stream or tunnel. */
export interface LastingView {
  readonly requestId: string;
  /** Address of the client. */
  readonly client: string;
  readonly route: string;
  /** Without the query. */
  readonly path: string;
  readonly upstream: string;
  /** Absent: an event stream that waits for another backend. */
  readonly backend?: string | undefined;
  /** Of tunnels: `websocket`. */
  readonly protocol?: string | undefined;
  readonly openedAt: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Whole messages of a WebSocket from the client. */
  readonly messagesIn?: number | undefined;
  /** Whole messages of a WebSocket, or events, to the client. */
  readonly messagesOut?: number | undefined;
}

/** Open event streams or tunnels: how many, and the first of them. */
export interface LastingListView {
  readonly open: number;
  readonly listed: readonly LastingView[];
  readonly missing?: readonly number[] | undefined;
}

/** An exchange that has failed or was refused. */
export interface ErrorView {
  readonly time: string;
  /** Whose fault it was. */
  readonly fault: 'client' | 'gateway' | 'backend';
  readonly requestId: string;
  readonly client: string;
  readonly method: string;
  readonly host: string;
  /** Without the query. */
  readonly path: string;
  readonly listener: string;
  /** What the client got; 499 when it went away first. */
  readonly status: number;
  readonly route?: string | undefined;
  readonly upstream?: string | undefined;
  readonly backend?: string | undefined;
  readonly attempts: number;
  /** Code of the gateway's error; absent where the backend answered with an error. */
  readonly error?: string | undefined;
  /** Which policy, limit or place it was, or what the network or the backend said. */
  readonly reason?: string | undefined;
  /** The policy that refused it. */
  readonly policy?: string | undefined;
  readonly duration: number;
}

/** The last failures and refusals, the newest first. */
export interface ErrorListView {
  readonly errors: readonly ErrorView[];
  readonly missing?: readonly number[] | undefined;
}

/** A limit at which requests were refused in the last minute, or wait now. */
export interface LimitView {
  /** The key of the configuration, or of those that it may be. */
  readonly limit: string;
  /** `UPSTREAM/ID`, where it is of one backend. */
  readonly backend?: string | undefined;
  /** Requests that were refused in the last minute. */
  readonly refused?: number | undefined;
  /** Requests that wait now. */
  readonly waiting?: number | undefined;
}

/** A certificate that a listener serves. */
export interface CertificateView {
  readonly listener: string;
  /** Path of its file. */
  readonly file: string;
  readonly names: readonly string[];
  readonly expires: string;
  /** Whole days until then; negative when it has expired. */
  readonly daysLeft: number;
}

/** A thread of the gateway. */
export interface ThreadView {
  /** `main`, or the number of a worker. */
  readonly thread: string;
  /** `silent`: it runs, and has not answered in time. `absent`: it is being replaced. */
  readonly state: 'running' | 'silent' | 'absent';
  readonly inFlight?: number | undefined;
  /** The share of the time in which its event loop was busy, since it was asked last. */
  readonly busy?: number | undefined;
  /** The longest delay of its event loop in the last minute, in milliseconds. */
  readonly loopDelay?: number | undefined;
  /** Bytes. */
  readonly heapUsed?: number | undefined;
}

/** A listener for clients. */
export interface ListenerView {
  readonly name: string;
  readonly url: string;
  readonly connections: number;
}

/** Which program runs. */
export interface VersionView {
  readonly version: string;
  readonly node: string;
  readonly pid: number;
  readonly startedAt: string;
}

/** Which configuration is in force. */
export interface ConfigVersionView {
  /** Differs when the configuration does: `gatehouse_config_hash` in hexadecimal. */
  readonly hash: string;
  /** When it took effect. */
  readonly loadedAt: string;
  /** What takes effect only with the next start, a line each. */
  readonly pending: readonly string[];
  /** Why the configuration that was asked for last is not in force. */
  readonly refusal?: string | undefined;
  readonly lastReload?: { readonly time: string; readonly result: 'applied' | 'unchanged' | 'refused' } | undefined;
}

/** The configuration in force: every default shown, in the shape of the file, with secrets masked. */
export interface ConfigView extends ConfigVersionView {
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** The phase of the gateway's life. */
export type StateView = 'starting' | 'ready' | 'draining' | 'unserved';

/** All that goes on, at one moment: the answer of `/status`, and each event of `/live`. */
export interface StatusView {
  readonly time: string;
  readonly state: StateView;
  readonly version: VersionView;
  readonly configuration: ConfigVersionView;
  readonly listeners: readonly ListenerView[];
  readonly threads: readonly ThreadView[];
  readonly traffic: TrafficView;
  /** Routes that had traffic in the last minute, the busiest first. */
  readonly routes: readonly RouteTrafficView[];
  readonly upstreams: readonly UpstreamView[];
  /** How many are open. */
  readonly streams: number;
  readonly tunnels: number;
  /** The last twenty that were the client's fault, and the last twenty others. */
  readonly errors: readonly ErrorView[];
  readonly limits: readonly LimitView[];
  readonly certificates: readonly CertificateView[];
}

/** What was done to a backend. */
export interface ControlledView {
  readonly upstream: string;
  /** Absent: it is not there now. */
  readonly backend?: BackendView | undefined;
  /** In words, a line each; empty: it was so already. */
  readonly changes: readonly string[];
  /** What the operator may not expect, a line each. */
  readonly warnings: readonly string[];
}

/** What became of a configuration that was read again. */
export interface ReloadedView {
  /** In words, a line each. */
  readonly changes: readonly string[];
  /** Of these, what takes effect only with the next start. */
  readonly pending: readonly string[];
  /** Settings that work, but probably not as intended. */
  readonly warnings: readonly string[];
  /** Why it was refused, a line each; empty: it is in force. */
  readonly problems: readonly string[];
}

/** An event `exchange` of `GET /tail`: the fields of an access line that its readers show. The line has more. */
export interface TailedLine {
  /** Milliseconds since 1970, or a text in ISO 8601 where the log is configured so. */
  readonly time: number | string;
  readonly level?: number;
  readonly requestId?: string;
  readonly client?: string;
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly status: number;
  readonly route?: string;
  readonly upstream?: string;
  readonly backend?: string;
  readonly attempts?: number;
  readonly error?: string;
  readonly reason?: string;
  readonly ms?: { readonly total: number };
}
