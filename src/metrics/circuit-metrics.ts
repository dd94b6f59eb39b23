import { Injectable, type Provider } from '@nestjs/common';
import { makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { BackendTally } from './backend-tally.js';

/** The value of the gauge for each state of a circuit. */
const levels = { closed: 0, 'half-open': 1, open: 2 } as const;

/** The states of a circuit. */
type CircuitLevel = keyof typeof levels;

/** The state of one circuit at the moment of a scrape. */
export interface CircuitReading {
  /** Name of the upstream. */
  readonly upstream: string;
  /** Id of the backend. */
  readonly backend: string;
  readonly state: CircuitLevel;
}

/** Records the changes and rejections of circuits. Every registered circuit is shown from the start, with zero. */
@Injectable()
export class CircuitMetrics {
  readonly #sources = new Set<() => Iterable<CircuitReading>>();
  readonly #changes = new BackendTally(['open', 'half-open', 'closed'], to => ({ to }));
  readonly #rejections = new BackendTally(['all'], () => ({}));

  /** Adds a source of circuits, which is called at each scrape. Returns a function that removes the source. */
  addCircuits(source: () => Iterable<CircuitReading>): () => void {
    this.#sources.add(source);
    return () => void this.#sources.delete(source);
  }

  /** Counts the change of a circuit to the state `to`. */
  changed(upstream: string, backend: string, to: CircuitLevel): void {
    this.#changes.of(upstream, backend)[to].pending++;
  }

  /** Counts a request that a circuit has kept away from its backend. */
  rejected(upstream: string, backend: string): void {
    this.#rejections.of(upstream, backend).all.pending++;
  }

  /** Called when `gatehouse_circuit_state` is scraped; the other metrics have a similar function. */
  showStates(gauge: Gauge<string>): void {
    gauge.reset();
    for (const { upstream, backend, state } of this.#readings()) gauge.set({ upstream, backend }, levels[state]);
  }

  drainChanges(counter: Counter<string>): void {
    this.#drain(this.#changes, counter);
  }

  drainRejections(counter: Counter<string>): void {
    this.#drain(this.#rejections, counter);
  }

  *#readings(): Iterable<CircuitReading> {
    for (const source of this.#sources) yield* source();
  }

  #drain<Kind extends string>(tally: BackendTally<Kind>, counter: Counter<string>): void {
    const current = new Map<string, Set<string>>();
    for (const { upstream, backend } of this.#readings()) {
      tally.of(upstream, backend);
      const ids = current.get(upstream);
      if (ids === undefined) current.set(upstream, new Set([backend]));
      else ids.add(backend);
    }
    tally.drain(counter, current);
  }
}

/** {@link CircuitMetrics} and the providers of its metrics. */
export function circuitMetricProviders(): Provider[] {
  return [
    CircuitMetrics,
    makeGaugeProvider({
      name: 'gatehouse_circuit_state',
      help: 'State of the circuit of a backend: 0 closed, 1 half-open, 2 open. Of several threads, the worst.',
      labelNames: ['upstream', 'backend'],
      aggregator: 'max',
      registers: [],
      inject: [CircuitMetrics],
      collect(metrics: CircuitMetrics) {
        this.reset();
        metrics.showStates(this);
      },
    }),
    makeCounterProvider({
      name: 'gatehouse_circuit_transitions_total',
      help: 'Changes of the circuit of a backend, by the state that it came into.',
      labelNames: ['upstream', 'backend', 'to'],
      registers: [],
      inject: [CircuitMetrics],
      collect(metrics: CircuitMetrics) {
        metrics.drainChanges(this);
      },
    }),
    makeCounterProvider({
      name: 'gatehouse_circuit_rejections_total',
      help: 'Requests that a circuit has kept away from its backend.',
      labelNames: ['upstream', 'backend'],
      registers: [],
      inject: [CircuitMetrics],
      collect(metrics: CircuitMetrics) {
        metrics.drainRejections(this);
      },
    }),
  ];
}
