import type { Provider, Type } from '@nestjs/common';
import { getToken, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import { AttemptMetrics } from './attempt-metrics.js';
import { ExchangeMetrics } from './exchange-metrics.js';
import { METRICS_SETTINGS, type MetricsSettings } from './metrics-settings.js';
import { MetricsSources } from './metrics-sources.js';
import { Beats } from './recent/beats.js';
import { RecentTraffic } from './recent/recent-traffic.js';
import { TimingHistogram, type Timings } from './timings.js';

/** Makes providers of metrics that are filled by a class only when they are scraped. */
class Scraped<Source> {
  constructor(private readonly source: Type<Source>) {}

  counter(
    name: string,
    help: string,
    labelNames: string[],
    drain: (source: Source, counter: Counter<string>) => void,
  ): Provider {
    return makeCounterProvider({
      name,
      help,
      labelNames,
      registers: [],
      inject: [this.source],
      collect(source: Source) {
        drain(source, this);
      },
    });
  }

  histogram(name: string, help: string, labelNames: string[], timingsOf: (source: Source) => Timings): Provider {
    return {
      provide: getToken(name),
      useFactory: (source: Source) => new TimingHistogram(timingsOf(source), { name, help, labelNames, registers: [] }),
      inject: [this.source],
    };
  }
}

/** {@link ExchangeMetrics} and the providers of the metrics of what clients ask for. */
export function exchangeMetricProviders(): Provider[] {
  const scraped = new Scraped(ExchangeMetrics as Type<ExchangeMetrics>);
  return [
    Beats,
    RecentTraffic,
    {
      provide: ExchangeMetrics,
      useFactory: ({ buckets }: MetricsSettings, recent: RecentTraffic) => new ExchangeMetrics(buckets, recent),
      inject: [METRICS_SETTINGS, RecentTraffic],
    },
    scraped.counter(
      'gatehouse_requests_total',
      'Exchanges that have ended, by the status that the client got.',
      ['listener', 'route', 'status'],
      (of, to) => of.drainRequests(to),
    ),
    scraped.counter(
      'gatehouse_errors_total',
      'Exchanges that ended with an error of the gateway, by its code, by what the client got, and by the policy that refused them.',
      ['route', 'code', 'status', 'policy'],
      (of, to) => of.drainErrors(to),
    ),
    scraped.counter(
      'gatehouse_limit_refusals_total',
      'Exchanges that were refused because a limit was over, by the limit as the configuration has it.',
      ['route', 'limit'],
      (of, to) => of.drainLimits(to),
    ),
    scraped.counter(
      'gatehouse_request_body_bytes_total',
      'Body bytes that were received from clients.',
      ['route'],
      (of, to) => of.drainBytesIn(to),
    ),
    scraped.counter(
      'gatehouse_response_body_bytes_total',
      'Body bytes that were sent to clients.',
      ['route'],
      (of, to) => of.drainBytesOut(to),
    ),
    scraped.histogram(
      'gatehouse_request_duration_seconds',
      'Time from the complete request head to the end of the response. Event streams and tunnels are left out.',
      ['route'],
      ({ durations }) => durations,
    ),
    makeGaugeProvider({
      name: 'gatehouse_requests_in_flight',
      help: 'Exchanges that are open now, event streams and tunnels included.',
      labelNames: ['listener'],
      registers: [],
      inject: [ExchangeMetrics],
      collect(metrics: ExchangeMetrics) {
        metrics.showInFlight(this);
      },
    }),
  ];
}

/** {@link AttemptMetrics} and the providers of the metrics of what backends do. */
export function attemptMetricProviders(): Provider[] {
  const scraped = new Scraped(AttemptMetrics as Type<AttemptMetrics>);
  return [
    {
      provide: AttemptMetrics,
      useFactory: ({ backendBuckets, buckets }: MetricsSettings, sources: MetricsSources, recent: RecentTraffic) =>
        new AttemptMetrics(buckets, backendBuckets ?? buckets, sources, recent),
      inject: [METRICS_SETTINGS, MetricsSources, RecentTraffic],
    },
    scraped.counter(
      'gatehouse_attempts_total',
      'Tries on a backend, by how they ended: success, failure, or ignored where the fault was of the client or the gateway.',
      ['upstream', 'backend', 'outcome'],
      (of, to) => of.drainAttempts(to),
    ),
    scraped.counter(
      'gatehouse_backend_responses_total',
      'Responses of a backend by the class of their status, also those that clients did not get because of another try.',
      ['upstream', 'backend', 'status'],
      (of, to) => of.drainResponses(to),
    ),
    scraped.histogram(
      'gatehouse_attempt_duration_seconds',
      'Time from sending an attempt to its response head.',
      ['upstream'],
      ({ durations }) => durations,
    ),
    scraped.histogram(
      'gatehouse_backend_response_duration_seconds',
      'Time from sending an attempt to its response head, of each backend, by the bounds of metrics.backendBuckets.',
      ['upstream', 'backend'],
      ({ byBackend }) => byBackend,
    ),
    scraped.histogram(
      'gatehouse_queue_duration_seconds',
      'Time that exchanges waited for a place at a backend, however that ended. Those that did not have to wait are left out.',
      ['upstream'],
      ({ queued }) => queued,
    ),
  ];
}
