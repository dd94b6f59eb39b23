import { Injectable, type Provider } from '@nestjs/common';
import { InjectMetric, makeCounterProvider } from '@willsoto/nestjs-prometheus';
import { Counter } from 'prom-client';

/** What became of a span. */
type SpanResult = 'exported' | 'dropped' | 'failed';

/** Records what becomes of the spans that are to be exported. */
@Injectable()
export class TraceMetrics {
  constructor(@InjectMetric('gatehouse_trace_spans_total') private readonly spans: Counter<string>) {
    for (const result of ['exported', 'dropped', 'failed']) spans.inc({ result }, 0);
  }

  count(result: SpanResult, spans: number): void {
    this.spans.inc({ result }, spans);
  }
}

/** {@link TraceMetrics} and the provider of its metric. */
export function traceMetricProviders(): Provider[] {
  return [
    TraceMetrics,
    makeCounterProvider({
      name: 'gatehouse_trace_spans_total',
      help: 'Spans that were to be exported, by what became of them. Those dropped met a full queue; those failed the collector has refused, or it could not be reached in time.',
      labelNames: ['result'],
      registers: [],
    }),
  ];
}
