import { Injectable } from '@nestjs/common';
import type { Counter, Gauge } from 'prom-client';
import { errorTable } from '../http/gateway-error.js';
import { hasFailed } from '../http/exchange-failure.js';
import type { ExchangeRecord } from '../http/exchange-record.js';
import type { GatewayError } from '../http/gateway-error.js';
import { RecentTraffic } from './recent/recent-traffic.js';
import type { RecentWindow } from './recent/recent-window.js';
import { statusLabel } from './status-label.js';
import { Tally, type Count } from './tally.js';
import { Timings, type Timing } from './timings.js';

interface RouteCounts {
  readonly bytesIn: Count;
  readonly bytesOut: Count;
  /** By code, status and policy. */
  readonly errors: Map<string, Count>;
  readonly limits: Map<string, Count>;
  readonly duration: Timing;
  readonly recent: RecentWindow;
}

interface ListenerCounts {
  inFlight: number;
  readonly routes: Map<string, ServedRoute>;
}

interface ServedRoute {
  readonly route: RouteCounts;
  readonly statuses: Map<number, Count>;
}

/** Limits that are shown of a route; more than a configuration has. What is refused beyond them counts as `other`. */
const mostLimits = 50;

/**
 * Records exchanges as they open and close. Labels come from names in the configuration and from fixed lists, never from a
 * request, so that no client can make new series. An exchange without a route counts under `none`.
 */
@Injectable()
export class ExchangeMetrics {
  readonly #requests = new Tally();
  readonly #errors = new Tally();
  readonly #limits = new Tally();
  readonly #bytesIn = new Tally();
  readonly #bytesOut = new Tally();
  /** Shown by `gatehouse_request_duration_seconds`. */
  readonly durations: Timings;
  readonly #listeners = new Map<string, ListenerCounts>();
  readonly #routes = new Map<string, RouteCounts>();

  /** `buckets`: upper bounds of the durations, in seconds, ascending. */
  constructor(
    buckets: readonly number[],
    /** The same of the last minute. */
    private readonly recent = new RecentTraffic(),
  ) {
    this.durations = new Timings(buckets);
  }

  /** Exchanges that are open now. */
  get inFlight(): number {
    let sum = 0;
    for (const { inFlight } of this.#listeners.values()) sum += inFlight;
    return sum;
  }

  /** Counts a request that a listener has taken. Exactly one `closed` follows. */
  opened(listener: string): void {
    this.#listener(listener).inFlight++;
  }

  /**
   * Records a closed exchange. The duration of streams and tunnels is left out: it shows how long clients stay, not how fast
   * the gateway is.
   */
  closed(record: ExchangeRecord): void {
    const listener = this.#listener(record.listener);
    listener.inFlight--;
    const routeName = record.routeName ?? 'none';
    let counts = listener.routes.get(routeName);
    if (counts === undefined) {
      counts = { route: this.#route(routeName), statuses: new Map() };
      listener.routes.set(routeName, counts);
    }
    const { route, statuses } = counts;
    const status = record.status >= 100 && record.status <= 599 ? record.status : 0;
    let count = statuses.get(status);
    if (count === undefined) count = this.#status(counts, record.listener, routeName, status);
    count.pending++;
    route.bytesIn.pending += record.bytesIn;
    route.bytesOut.pending += record.bytesOut;
    const duration = record.protocol === 'http' ? record.times.closedAt - record.times.openedAt : -1;
    if (duration >= 0) route.duration.observe(duration / 1000);
    if (record.errorCode !== undefined) {
      this.#error(route, routeName, record).pending++;
      const limit = limitOf(record.error);
      if (limit !== undefined) this.#limit(route, routeName, limit).pending++;
    }
    this.recent.ended(record, hasFailed(record), duration, route.recent);
  }

  /** Called when `gatehouse_requests_total` is scraped; the other metrics have a similar function. */
  drainRequests(counter: Counter<string>): void {
    this.#requests.drain(counter);
  }

  drainErrors(counter: Counter<string>): void {
    this.#errors.drain(counter);
  }

  drainLimits(counter: Counter<string>): void {
    this.#limits.drain(counter);
  }

  drainBytesIn(counter: Counter<string>): void {
    this.#bytesIn.drain(counter);
  }

  drainBytesOut(counter: Counter<string>): void {
    this.#bytesOut.drain(counter);
  }

  showInFlight(gauge: Gauge<string>): void {
    for (const [listener, { inFlight }] of this.#listeners) gauge.set({ listener }, inFlight);
  }

  #listener(name: string): ListenerCounts {
    let counts = this.#listeners.get(name);
    if (counts === undefined) this.#listeners.set(name, (counts = { inFlight: 0, routes: new Map() }));
    return counts;
  }

  #route(route: string): RouteCounts {
    let counts = this.#routes.get(route);
    if (counts === undefined) {
      counts = {
        bytesIn: this.#bytesIn.add({ route }),
        bytesOut: this.#bytesOut.add({ route }),
        errors: new Map(),
        limits: new Map(),
        duration: this.durations.add({ route }),
        recent: this.recent.route(route),
      };
      this.#routes.set(route, counts);
    }
    return counts;
  }

  /** The count of a status, which statuses with the same label share. */
  #status({ statuses }: ServedRoute, listener: string, route: string, status: number): Count {
    const label = statusLabel(status);
    let count = [...statuses.values()].find(({ labels }) => labels['status'] === label);
    count ??= this.#requests.add({ listener, route, status: label });
    statuses.set(status, count);
    return count;
  }

  #error(counts: RouteCounts, route: string, { error, errorCode, status: given }: ExchangeRecord): Count {
    const known = errorCode !== undefined && Object.hasOwn(errorTable, errorCode) ? errorCode : 'other';
    const status = statusLabel(given);
    const policy = error?.origin.policy ?? 'none';
    const key = `${known} ${status} ${policy}`;
    let count = counts.errors.get(key);
    if (count === undefined) counts.errors.set(key, (count = this.#errors.add({ route, code: known, status, policy })));
    return count;
  }

  #limit({ limits }: RouteCounts, route: string, name: string): Count {
    const limit = limits.has(name) || limits.size < mostLimits ? name : 'other';
    let count = limits.get(limit);
    if (count === undefined) limits.set(limit, (count = this.#limits.add({ route, limit })));
    return count;
  }
}

/** The limit that an error says was over; undefined: it was none. A client that takes too long has gone over a limit of time. */
function limitOf(error: GatewayError | undefined): string | undefined {
  return error?.origin.limit ?? (error?.code === 'CLIENT_TIMEOUT' ? error.origin.timeout : undefined);
}
