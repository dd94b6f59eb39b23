import type { Provider, Type } from '@nestjs/common';
import { getToken, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge, Registry } from 'prom-client';
import { AttemptMetrics } from './attempt-metrics.js';
import { ExchangeMetrics } from './exchange-metrics.js';
import { MetricsSources, type BackendState } from './metrics-sources.js';
import { Beats } from './recent/beats.js';
import { RecentTraffic } from './recent/recent-traffic.js';
import { TimingHistogram, type Timings } from './timings.js';

/**
 * {@link ExchangeMetrics}, {@link AttemptMetrics} and the providers of the metrics of traffic, in `registry`. Counters are
 * filled, and histograms and gauges are read, when they are scraped. `aggregator`: how the values of several threads are
 * merged: their sum, unless each thread sees the total.
 */
export function metricProviders(registry: Registry, buckets: readonly number[]): Provider[] {
  const registers = [registry];
  const drained = (
    name: string,
    help: string,
    labelNames: string[],
    drain: (of: ExchangeMetrics, to: Counter<string>) => void,
  ): Provider =>
    makeCounterProvider({
      name,
      help,
      labelNames,
      registers,
      inject: [ExchangeMetrics],
      collect(metrics: ExchangeMetrics) {
        drain(metrics, this);
      },
    });
  const mirrored = (
    name: string,
    help: string,
    labelNames: string[],
    aggregator: 'sum' | 'min' | 'max',
    show: (gauge: Gauge<string>, state: BackendState) => void,
  ): Provider =>
    makeGaugeProvider({
      name,
      help,
      labelNames,
      aggregator,
      registers,
      inject: [MetricsSources],
      collect(sources: MetricsSources) {
        this.reset();
        for (const state of sources.backends()) show(this, state);
      },
    });
  const timed = (
    name: string,
    help: string,
    label: string,
    metrics: Type<{ readonly durations: Timings }>,
  ): Provider => ({
    provide: getToken(name),
    useFactory: ({ durations }: { readonly durations: Timings }) =>
      new TimingHistogram(durations, { name, help, labelNames: [label], registers }),
    inject: [metrics],
  });
  const ofBackend = ({ upstream, backend }: BackendState): { upstream: string; backend: string } => ({
    upstream,
    backend: backend.id,
  });

  return [
    Beats,
    RecentTraffic,
    {
      provide: ExchangeMetrics,
      useFactory: (recent: RecentTraffic) => new ExchangeMetrics(buckets, recent),
      inject: [RecentTraffic],
    },
    {
      provide: AttemptMetrics,
      useFactory: (sources: MetricsSources, recent: RecentTraffic) => new AttemptMetrics(buckets, sources, recent),
      inject: [MetricsSources, RecentTraffic],
    },
    drained('gatehouse_requests_total', 'Exchanges that have ended.', ['listener', 'route', 'status'], (of, to) =>
      of.drainRequests(to),
    ),
    drained(
      'gatehouse_errors_total',
      'Exchanges that ended with an error of the gateway, by its code, by what the client got, and by the policy that refused them.',
      ['route', 'code', 'status', 'policy'],
      (of, to) => of.drainErrors(to),
    ),
    drained('gatehouse_request_body_bytes_total', 'Body bytes received from clients.', ['route'], (of, to) =>
      of.drainBytesIn(to),
    ),
    drained('gatehouse_response_body_bytes_total', 'Body bytes sent to clients.', ['route'], (of, to) =>
      of.drainBytesOut(to),
    ),
    timed(
      'gatehouse_request_duration_seconds',
      'Time from the complete request head to the end of the response. Event streams and tunnels are left out.',
      'route',
      ExchangeMetrics,
    ),
    makeGaugeProvider({
      name: 'gatehouse_requests_in_flight',
      help: 'Exchanges that are open now, streams and tunnels included.',
      labelNames: ['listener'],
      registers,
      inject: [ExchangeMetrics],
      collect(metrics: ExchangeMetrics) {
        metrics.showInFlight(this);
      },
    }),
    makeCounterProvider({
      name: 'gatehouse_attempts_total',
      help: "Tries on a backend, by how they ended. ignored: the fault was the client's or our own.",
      labelNames: ['upstream', 'backend', 'outcome'],
      registers,
      inject: [AttemptMetrics],
      collect(metrics: AttemptMetrics) {
        metrics.drainAttempts(this);
      },
    }),
    timed(
      'gatehouse_attempt_duration_seconds',
      'Time from sending an attempt to its response head.',
      'upstream',
      AttemptMetrics,
    ),
    mirrored(
      'gatehouse_backend_available',
      '1 while the backend has no veto, else 0.',
      ['upstream', 'backend'],
      'min',
      (gauge, state) => gauge.set(ofBackend(state), state.available ? 1 : 0),
    ),
    // Threads share the count of a backend's exchanges, so each thread sees the total.
    mirrored(
      'gatehouse_backend_in_flight',
      'Exchanges that the backend is carrying now.',
      ['upstream', 'backend'],
      'max',
      (gauge, state) => gauge.set(ofBackend(state), state.backend.inFlight),
    ),
    mirrored(
      'gatehouse_backend_sending',
      'Exchanges that hold a place at the backend while their clients are still sending: at most half of the places.',
      ['upstream', 'backend'],
      'sum',
      (gauge, state) => gauge.set(ofBackend(state), state.sending ?? 0),
    ),
    mirrored(
      'gatehouse_backend_unread',
      'Exchanges that hold a place at the backend while their clients do not read the answer.',
      ['upstream', 'backend'],
      'sum',
      (gauge, state) => gauge.set(ofBackend(state), state.unread ?? 0),
    ),
    makeGaugeProvider({
      name: 'gatehouse_client_memory_bytes',
      help: 'Memory that is kept for slow clients: for bodies that are gathered before they take a place at a backend, and for answers that are read faster than they are taken.',
      labelNames: ['for'],
      registers,
      inject: [MetricsSources],
      collect(sources: MetricsSources) {
        this.reset();
        for (const { bodies, answers } of sources.memory()) {
          this.inc({ for: 'bodies' }, bodies);
          this.inc({ for: 'answers' }, answers);
        }
      },
    }),
    mirrored(
      'gatehouse_pool_connections',
      'Connections to the backend, by state.',
      ['upstream', 'backend', 'state'],
      'sum',
      (gauge, state) => {
        if (state.connections === undefined) return;
        gauge.set({ ...ofBackend(state), state: 'active' }, state.connections.active);
        gauge.set({ ...ofBackend(state), state: 'idle' }, state.connections.idle);
      },
    ),
    mirrored(
      'gatehouse_pool_pending',
      'Requests that wait for a connection to the backend.',
      ['upstream', 'backend'],
      'sum',
      (gauge, state) => {
        if (state.connections !== undefined) gauge.set(ofBackend(state), state.connections.pending);
      },
    ),
    makeGaugeProvider({
      name: 'gatehouse_connections_open',
      help: 'Client connections that are open now.',
      labelNames: ['listener'],
      registers,
      inject: [MetricsSources],
      collect(sources: MetricsSources) {
        this.reset();
        for (const { listener, connections } of sources.listeners()) this.inc({ listener }, connections);
      },
    }),
  ];
}
