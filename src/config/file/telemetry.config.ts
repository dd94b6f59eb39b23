import { Key } from '../language/key.js';
import { choice } from '../language/kinds/choice.js';
import type { Kind } from '../language/kinds/kind.js';
import { Invalid } from '../language/kinds/invalid.js';
import { positiveNumber } from '../language/kinds/number.js';
import { list } from '../language/kinds/list.js';
import { ratio } from '../language/kinds/ratio.js';
import { url } from '../language/kinds/url.js';

/** Numbers above 0, in ascending order: `min` of them at least. */
function ascending(min: number): Kind<number[]> {
  const numbers = list(positiveNumber, { min, max: 100 });
  return {
    ...numbers,
    expected: 'a list of ascending numbers above 0',
    parse(raw, source) {
      const values = numbers.parse(raw, source);
      if (values instanceof Invalid || values.some(each => typeof each !== 'number')) return values;
      return values.every((each, index) => index === 0 || each > (values[index - 1] ?? 0))
        ? values
        : new Invalid(raw, this.expected);
    },
  };
}

/** Metrics, for Prometheus at `/metrics` of the admin side. */
export class MetricsConfig {
  @Key(ascending(1), {
    doc: 'Upper bounds of the histograms of durations, in seconds, ascending. Each bound is a time series for every route and upstream.',
  })
  buckets: number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

  @Key(ascending(0), {
    doc: 'The same for the latencies of each single backend. Each bound is a time series for every backend, so there are fewer; with `[]` only the number and the sum are counted, which give the mean.',
  })
  backendBuckets: number[] = [0.005, 0.025, 0.1, 0.25, 1, 2.5, 10];
}

/** Traces, to an OpenTelemetry collector. */
export class TracingConfig {
  @Key(url(['http', 'https'], 'http://collector:4318'), { required: true, doc: 'Collector that takes OTLP over HTTP.' })
  declare otlp: string;

  @Key(ratio, {
    doc: 'Share of the traces that begin here and are recorded. A trace that the client began keeps its decision.',
  })
  sample: number = 0.1;

  @Key(choice('w3c'), { doc: 'Header fields that carry the trace context: `w3c` = `traceparent` and `tracestate`.' })
  propagate: 'w3c' = 'w3c';
}
