import { Injectable, Optional, type Provider } from '@nestjs/common';
import { makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { MetricsSources } from './metrics-sources.js';
import { Tally, type Count } from './tally.js';

/** Counts for both directions: `in` from the client, `out` to the client. */
interface BothWays {
  readonly in: number;
  readonly out: number;
}

/** The counts of a tunnel so far. */
export interface TunnelFigures {
  readonly bytes: BothWays;
  readonly text: BothWays;
  readonly binary: BothWays;
  readonly ping: BothWays;
  readonly pong: BothWays;
}

/** The labels of a tunnel: names of the configuration. */
interface TunnelLabels {
  readonly route: string;
  readonly upstream: string;
  readonly backend: string;
}

/** The measured life of one tunnel. */
interface MeasuredTunnel {
  /** To be called at its end. `code`: a label of few values; undefined: it was no WebSocket. */
  close(code: string | undefined): void;
}

const kinds = ['text', 'binary', 'ping', 'pong'] as const;
const ways = ['in', 'out'] as const;
const nothing: TunnelFigures = {
  bytes: { in: 0, out: 0 },
  text: { in: 0, out: 0 },
  binary: { in: 0, out: 0 },
  ping: { in: 0, out: 0 },
  pong: { in: 0, out: 0 },
};

/** A tunnel whose counts are read at each scrape and at its end, so that its messages cost nothing for metrics. */
interface Watched {
  readonly labels: TunnelLabels;
  readonly read: () => TunnelFigures;
  seen: TunnelFigures;
}

/** Records upgraded connections: how many are open, their messages and bytes, and how they end. */
@Injectable()
export class TunnelMetrics {
  readonly #watched = new Set<Watched>();
  readonly #opened = new Tally();
  readonly #messages = new Tally();
  readonly #bytes = new Tally();
  readonly #closes = new Tally();
  readonly #counts = new Map<string, Count>();
  readonly #gauged = new Map<string, { readonly labels: TunnelLabels; open: number }>();

  constructor(@Optional() private readonly sources: MetricsSources = new MetricsSources()) {}

  /** Registers an open tunnel; `read` returns its counts at any time. */
  open(labels: TunnelLabels, read: () => TunnelFigures): MeasuredTunnel {
    const watched: Watched = { labels, read, seen: nothing };
    this.#watched.add(watched);
    const gauged = this.#gauge(labels);
    gauged.open++;
    const { route } = labels;
    this.#count(this.#opened, { route }).pending++;
    return {
      close: code => {
        this.#advance(watched);
        this.#watched.delete(watched);
        gauged.open--;
        if (code !== undefined) this.#count(this.#closes, { route, code }).pending++;
      },
    };
  }

  showOpen(gauge: Gauge<string>): void {
    gauge.reset();
    const current = this.sources.backendIds();
    for (const [key, { labels, open }] of this.#gauged) {
      const isGone = current.size > 0 && current.get(labels.upstream)?.has(labels.backend) !== true;
      // Addresses that are found come and go for months.
      if (isGone && open === 0) this.#gauged.delete(key);
      else gauge.set({ ...labels }, open);
    }
  }

  drainOpened(counter: Counter<string>): void {
    this.#opened.drain(counter);
  }

  drainMessages(counter: Counter<string>): void {
    for (const watched of this.#watched) this.#advance(watched);
    this.#messages.drain(counter);
  }

  drainBytes(counter: Counter<string>): void {
    for (const watched of this.#watched) this.#advance(watched);
    this.#bytes.drain(counter);
  }

  drainCloses(counter: Counter<string>): void {
    this.#closes.drain(counter);
  }

  #advance(watched: Watched): void {
    const now = watched.read();
    const { seen } = watched;
    const { route } = watched.labels;
    for (const direction of ways) {
      this.#count(this.#bytes, { route, direction }).pending += now.bytes[direction] - seen.bytes[direction];
      for (const kind of kinds) {
        const grown = now[kind][direction] - seen[kind][direction];
        if (grown > 0) this.#count(this.#messages, { route, direction, kind }).pending += grown;
      }
    }
    watched.seen = now;
  }

  #gauge(labels: TunnelLabels): { open: number } {
    const key = JSON.stringify(labels);
    let gauged = this.#gauged.get(key);
    if (gauged === undefined) this.#gauged.set(key, (gauged = { labels, open: 0 }));
    return gauged;
  }

  #count(tally: Tally, labels: Readonly<Record<string, string>>): Count {
    const key = JSON.stringify([...Object.keys(labels), ...Object.values(labels)]);
    let count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, (count = tally.add(labels)));
    return count;
  }
}

/** {@link TunnelMetrics} and the providers of its metrics. */
export function tunnelMetricProviders(): Provider[] {
  const drained = (
    name: string,
    help: string,
    labelNames: string[],
    drain: (of: TunnelMetrics, to: Counter<string>) => void,
  ): Provider =>
    makeCounterProvider({
      name,
      help,
      labelNames,
      registers: [],
      inject: [TunnelMetrics],
      collect(metrics: TunnelMetrics) {
        drain(metrics, this);
      },
    });
  return [
    TunnelMetrics,
    makeGaugeProvider({
      name: 'gatehouse_tunnels_open',
      help: 'Upgraded connections that are open now.',
      labelNames: ['route', 'upstream', 'backend'],
      registers: [],
      inject: [TunnelMetrics],
      collect(metrics: TunnelMetrics) {
        metrics.showOpen(this);
      },
    }),
    drained('gatehouse_tunnels_total', 'Connections that were upgraded.', ['route'], (of, to) => of.drainOpened(to)),
    drained(
      'gatehouse_websocket_messages_total',
      'Whole WebSocket messages and control frames, by direction (in: from the client) and kind.',
      ['route', 'direction', 'kind'],
      (of, to) => of.drainMessages(to),
    ),
    drained(
      'gatehouse_tunnel_bytes_total',
      'Bytes that upgraded connections carried, framing included.',
      ['route', 'direction'],
      (of, to) => of.drainBytes(to),
    ),
    drained(
      'gatehouse_websocket_closes_total',
      'WebSocket connections that have ended, by close code.',
      ['route', 'code'],
      (of, to) => of.drainCloses(to),
    ),
  ];
}
