import { Injectable, type Provider } from '@nestjs/common';
import {
  InjectMetric,
  makeCounterProvider,
  makeGaugeProvider,
  makeHistogramProvider,
} from '@willsoto/nestjs-prometheus';
import { Histogram, type Counter, type Gauge } from 'prom-client';
import { Tally, type Count } from './tally.js';

/** Upper bounds for the durations of streams and tunnels, in seconds: from one second to a day. */
const lifetimes = [1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, 86_400];

/** The counts of one route's event streams. */
export interface EventStreamCounts {
  readonly streams: Count;
  readonly events: Count;
  readonly bytes: Count;
  readonly heartbeats: Count;
}

/** An open event stream, for the gauge. */
export interface OpenStream {
  readonly route: string;
  readonly upstream: string;
  /** Id of the backend; empty while it waits for one. */
  readonly backend: string;
}

/** Records event streams, and the durations of streams and tunnels. Labels come from names in the configuration. */
@Injectable()
export class StreamMetrics {
  readonly #streams = new Tally();
  readonly #events = new Tally();
  readonly #bytes = new Tally();
  readonly #heartbeats = new Tally();
  readonly #routes = new Map<string, EventStreamCounts>();
  readonly #open = new Set<() => Iterable<OpenStream>>();

  constructor(
    @InjectMetric('gatehouse_stream_duration_seconds') private readonly duration: Histogram<string>,
    @InjectMetric('gatehouse_stream_resumes_total') private readonly resumes: Counter<string>,
  ) {}

  /** The counts of a route. An event only adds to a `pending` of these. */
  eventStreams(route: string): EventStreamCounts {
    let counts = this.#routes.get(route);
    if (counts === undefined) {
      counts = {
        streams: this.#streams.add({ route }),
        events: this.#events.add({ route }),
        bytes: this.#bytes.add({ route }),
        heartbeats: this.#heartbeats.add({ route }),
      };
      this.#routes.set(route, counts);
    }
    return counts;
  }

  /** Counts a stream that has lost its backend. `result`: whether it went on at another one. */
  resumed(route: string, result: 'resumed' | 'failed'): void {
    this.resumes.inc({ route, result });
  }

  /** Records the duration of a stream or tunnel that has ended. */
  ended(route: string, protocol: 'sse' | 'websocket', seconds: number): void {
    this.duration.observe({ route, protocol }, seconds);
  }

  /** Adds a source of open event streams, which is called at each scrape. */
  addOpen(source: () => Iterable<OpenStream>): void {
    this.#open.add(source);
  }

  showOpen(gauge: Gauge<string>): void {
    gauge.reset();
    for (const source of this.#open) {
      for (const { route, upstream, backend } of source()) gauge.inc({ route, upstream, backend });
    }
  }

  /** Called when `gatehouse_event_streams_total` is scraped; the other metrics have a similar function. */
  drainStreams(counter: Counter<string>): void {
    this.#streams.drain(counter);
  }

  drainEvents(counter: Counter<string>): void {
    this.#events.drain(counter);
  }

  drainBytes(counter: Counter<string>): void {
    this.#bytes.drain(counter);
  }

  drainHeartbeats(counter: Counter<string>): void {
    this.#heartbeats.drain(counter);
  }
}

/** {@link StreamMetrics} and the providers of its metrics. */
export function streamMetricProviders(): Provider[] {
  const drained = (name: string, help: string, drain: (of: StreamMetrics, to: Counter<string>) => void): Provider =>
    makeCounterProvider({
      name,
      help,
      labelNames: ['route'],
      registers: [],
      inject: [StreamMetrics],
      collect(metrics: StreamMetrics) {
        drain(metrics, this);
      },
    });
  return [
    StreamMetrics,
    makeGaugeProvider({
      name: 'gatehouse_event_streams_open',
      help: 'Event streams that are open now, by the backend that they come from; that is empty while they wait for one.',
      labelNames: ['route', 'upstream', 'backend'],
      registers: [],
      inject: [StreamMetrics],
      collect(metrics: StreamMetrics) {
        metrics.showOpen(this);
      },
    }),
    drained('gatehouse_event_streams_total', 'Event streams that were opened.', (of, to) => of.drainStreams(to)),
    drained('gatehouse_stream_events_total', 'Complete events that clients were sent.', (of, to) => of.drainEvents(to)),
    drained(
      'gatehouse_stream_bytes_total',
      'Bytes of event streams that clients were sent, heartbeats included.',
      (of, to) => of.drainBytes(to),
    ),
    drained(
      'gatehouse_stream_heartbeats_total',
      'Comments that the gateway has written into event streams.',
      (of, to) => of.drainHeartbeats(to),
    ),
    makeCounterProvider({
      name: 'gatehouse_stream_resumes_total',
      help: 'Event streams that lost their backend and have gone on at another one, or could not.',
      labelNames: ['route', 'result'],
      registers: [],
    }),
    makeHistogramProvider({
      name: 'gatehouse_stream_duration_seconds',
      help: 'How long event streams and tunnels lasted.',
      labelNames: ['route', 'protocol'],
      buckets: lifetimes,
      registers: [],
    }),
  ];
}
