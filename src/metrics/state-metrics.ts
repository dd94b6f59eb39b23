import type { Provider } from '@nestjs/common';
import { makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { MetricsSources, type BackendState } from './metrics-sources.js';

/**
 * The providers of gauges that are read from {@link MetricsSources} when they are scraped. `aggregator`: how the values of several threads are
 * merged: their sum, unless each thread sees the total.
 */
export function stateMetricProviders(): Provider[] {
  const gauge = (
    name: string,
    help: string,
    labelNames: string[],
    aggregator: 'sum' | 'min' | 'max',
    show: (sources: MetricsSources, gauge: Gauge<string>) => void,
  ): Provider =>
    makeGaugeProvider({
      name,
      help,
      labelNames,
      aggregator,
      registers: [],
      inject: [MetricsSources],
      collect(sources: MetricsSources) {
        this.reset();
        show(sources, this);
      },
    });
  const ofBackends = (
    name: string,
    help: string,
    aggregator: 'sum' | 'min' | 'max',
    valueOf: (state: BackendState) => number | undefined,
  ): Provider =>
    gauge(name, help, ['upstream', 'backend'], aggregator, (sources, to) => {
      for (const state of sources.backends()) {
        const value = valueOf(state);
        if (value !== undefined) to.set(labelsOf(state), value);
      }
    });

  return [
    ofBackends('gatehouse_backend_available', '1 while the backend has no veto, else 0.', 'min', ({ available }) =>
      available ? 1 : 0,
    ),
    // Threads share the count of a backend's exchanges, so each thread sees the total.
    ofBackends(
      'gatehouse_backend_in_flight',
      'Exchanges that the backend is carrying now.',
      'max',
      ({ backend }) => backend.inFlight,
    ),
    ofBackends(
      'gatehouse_backend_sending',
      'Exchanges that hold a place at the backend while their clients are still sending: at most half of the places.',
      'sum',
      ({ sending = 0 }) => sending,
    ),
    ofBackends(
      'gatehouse_backend_unread',
      'Exchanges that hold a place at the backend while their clients do not read the answer.',
      'sum',
      ({ unread = 0 }) => unread,
    ),
    gauge(
      'gatehouse_client_memory_bytes',
      'Memory that is kept for slow clients: for bodies that are gathered before they take a place at a backend, and for answers that are read faster than they are taken.',
      ['for'],
      'sum',
      (sources, to) => {
        for (const { bodies, answers } of sources.memory()) {
          to.inc({ for: 'bodies' }, bodies);
          to.inc({ for: 'answers' }, answers);
        }
      },
    ),
    gauge(
      'gatehouse_pool_connections',
      'Connections to the backend, by state.',
      ['upstream', 'backend', 'state'],
      'sum',
      (sources, to) => {
        for (const state of sources.backends()) {
          if (state.connections === undefined) continue;
          to.set({ ...labelsOf(state), state: 'active' }, state.connections.active);
          to.set({ ...labelsOf(state), state: 'idle' }, state.connections.idle);
        }
      },
    ),
    ofBackends(
      'gatehouse_pool_pending',
      'Requests that wait for a connection to the backend now: the length of its queue.',
      'sum',
      ({ connections }) => connections?.pending,
    ),
    gauge(
      'gatehouse_retry_budget_remaining',
      'Retries and hedged attempts that the retry budget of the upstream would allow now.',
      ['upstream'],
      'sum',
      (sources, to) => {
        for (const { left, upstream } of sources.budgets()) to.inc({ upstream }, left);
      },
    ),
    gauge('gatehouse_connections_open', 'Client connections that are open now.', ['listener'], 'sum', (sources, to) => {
      for (const { listener, connections } of sources.listeners()) to.inc({ listener }, connections);
    }),
  ];
}

function labelsOf({ upstream, backend }: BackendState): { upstream: string; backend: string } {
  return { upstream, backend: backend.id };
}
