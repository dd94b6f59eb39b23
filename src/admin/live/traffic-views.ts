import { figuresOf, rowWidth, type RecentFigures } from '../../metrics/recent/recent-window.js';
import type { NamedRows } from '../../metrics/recent/recent-traffic.js';
import type {
  LatencyView,
  LimitView,
  RouteTrafficView,
  SecondView,
  StatusesView,
  TrafficFigures,
  TrafficView,
} from '../api/views.js';
import type { ThreadReport } from './thread-report.js';

/** Seconds for which traffic is shown. */
const shown = 60;

/** Rows by their keys, of all threads. */
export type SummedRows = ReadonlyMap<string, Uint32Array>;

/** The rows of several threads, added up by their names. */
export function sumOf<Name>(all: readonly NamedRows<Name>[], keyOf: (name: Name) => string = String): SummedRows {
  const sums = new Map<string, Uint32Array>();
  for (const { names, rows } of all) {
    names.forEach((name, index) => {
      const key = keyOf(name);
      const row = rows.subarray(index * rowWidth, (index + 1) * rowWidth);
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, row.slice());
      else for (let at = 0; at < rowWidth; at++) sum[at]! += row[at]!;
    });
  }
  return sums;
}

/** The figures of the last minute in a row that was counted by tens of seconds, of which the last is not over at `now`. */
export function figuresView(row: Uint32Array, now: number): TrafficFigures {
  return viewOf(figuresOf(row), shown - 10 + Math.max(1, (now / 1_000) % 10));
}

/** The traffic of all threads in the minute before `now`, in milliseconds since 1970. */
export function trafficView(reports: readonly ThreadReport[], now: number): TrafficView {
  const sums = sumOf(reports.map(({ seconds }) => seconds));
  // The second that is not over has fewer than the others.
  const last = Math.floor(now / 1_000) - 1;
  const total = new Uint32Array(rowWidth);
  const seconds: SecondView[] = [];
  for (let second = last - shown + 1; second <= last; second++) {
    const row = sums.get(String(second));
    if (row !== undefined) for (let at = 0; at < rowWidth; at++) total[at]! += row[at]!;
    seconds.push(secondView(second, figuresOf(row ?? nothing)));
  }
  const figures = figuresOf(total);
  const inFlight = reports.reduce((sum, report) => sum + report.inFlight, 0);
  return { ...viewOf(figures, shown), statuses: statusesView(figures), inFlight, seconds };
}

/** The routes with traffic, the busiest first. */
export function routeTraffic(reports: readonly ThreadReport[], now: number): RouteTrafficView[] {
  const sums = [...sumOf(reports.map(({ routes }) => routes))];
  const views = sums.map(([name, row]) => ({ name, ...figuresView(row, now) }));
  return views.toSorted((one, other) => other.requests - one.requests);
}

/** What the errors of the gateway say about its limits: by policy or place, or else by code and status. */
const limits: Readonly<Record<string, string>> = {
  'rate-limit': 'security.rateLimit',
  concurrency: 'security.concurrency',
  'max-body': 'security.validation.maxBody',
  'sse.maxConnections': 'sse.maxConnections',
  'websocket.maxConnections': 'websocket.maxConnections',
  'QUEUE_FULL 503': 'connections.queue or queueTimeout',
  'OVERLOADED 503': 'overload.eventLoopDelay',
  'EXHAUSTED 503': 'open files (ulimit -n)',
  'DENIED 414': 'security.validation.maxUrl',
  'DENIED 431': 'security.validation.maxHeaders or maxHeaderSize',
  'CLIENT_TIMEOUT 408': 'listeners.limits.headerTimeout, requestTimeout or minBodyRate',
};

/** The limits at which requests were refused in the last minute or wait now. */
export function limitViews(reports: readonly ThreadReport[]): LimitView[] {
  const refused = [...sumOf(reports.map(({ errors }) => errors))].flatMap(([name, row]) => {
    const [code, status, place] = name.split(' ');
    const limit = limits[place!] ?? limits[`${code} ${status}`];
    return limit === undefined ? [] : [{ limit, refused: figuresOf(row).ended }];
  });
  const waiting = new Map<string, number>();
  for (const { backend, upstream, waiting: count } of reports.flatMap(({ backends }) => backends)) {
    const name = `${upstream}/${backend}`;
    if (count > 0) waiting.set(name, (waiting.get(name) ?? 0) + count);
  }
  const queues = Array.from(waiting, ([backend, count]) => ({ limit: 'connections.max', backend, waiting: count }));
  return [...refused, ...queues];
}

const nothing = new Uint32Array(rowWidth);

function secondView(second: number, figures: RecentFigures): SecondView {
  const latency = latencyView(figures);
  return {
    time: new Date(second * 1_000).toISOString(),
    requests: figures.ended,
    failed: figures.failed,
    statuses: statusesView(figures),
    ...(latency && { latency }),
  };
}

function viewOf(figures: RecentFigures, seconds: number): TrafficFigures {
  const { ended, failed } = figures;
  const latency = latencyView(figures);
  return {
    requests: ended,
    perSecond: rounded(ended / seconds),
    failed,
    failedShare: ended === 0 ? 0 : rounded(failed / ended),
    ...(latency && { latency }),
  };
}

function statusesView({ statuses }: RecentFigures): StatusesView {
  const [one, two, three, four, five] = statuses;
  return { '1xx': one, '2xx': two, '3xx': three, '4xx': four, '5xx': five };
}

function latencyView({ p50, p90, p99 }: RecentFigures): LatencyView | undefined {
  if (p50 === undefined || p90 === undefined || p99 === undefined) return undefined;
  return { p50: rounded(p50), p90: rounded(p90), p99: rounded(p99) };
}

/** To three digits behind the point. */
function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
