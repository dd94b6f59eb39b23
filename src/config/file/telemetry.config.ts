import { Key } from '../language/key.js';
import { choice } from '../language/kinds/choice.js';
import { duration } from '../language/kinds/duration.js';
import { editableHeaderName } from '../language/kinds/header.js';
import type { Kind } from '../language/kinds/kind.js';
import { Invalid } from '../language/kinds/invalid.js';
import { positiveNumber } from '../language/kinds/number.js';
import { list } from '../language/kinds/list.js';
import { map } from '../language/kinds/map.js';
import { ratio } from '../language/kinds/ratio.js';
import { secret } from '../language/kinds/secret.js';
import { label, text } from '../language/kinds/text.js';
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

/** Fields of messages to the collector: name → value. All values are secrets: each vendor has another name for its token. */
const collectorHeaders: Kind<Map<string, string>> = {
  ...map(editableHeaderName, secret('the value of a header field', /^[\t\x20-\x7e\x80-\xff]+$/)),
  label: 'map of secrets',
};

const attributeName = text({
  label: 'attribute name',
  expected: 'the name of an attribute such as deployment.environment.name',
  pattern: /^[A-Za-z][\w.-]*$/,
  maxLength: 128,
});

/** Traces, to an OpenTelemetry collector. */
export class TracingConfig {
  @Key(url(['http', 'https'], 'http://collector:4318'), {
    required: true,
    doc: 'Collector that takes OTLP over HTTP, in Protobuf. `/v1/traces` is added, unless the URL ends with it.',
  })
  declare otlp: string;

  @Key(ratio, {
    doc: 'Share of the traces that begin here and are recorded, chosen by their ids. A trace that `parents` lets in keeps its decision.',
  })
  sample: number = 0.1;

  @Key(duration(), {
    doc: 'Exchanges that take longer than this are recorded although they were not chosen (an event stream or a tunnel: until it begins); `0s` = they are not. Those that have failed by the fault of a backend or the gateway always are. At most 100 in a second for each thread.',
  })
  slow: number = 1_000;

  @Key(choice('w3c'), { doc: 'Header fields that carry the trace context: `w3c` = `traceparent` and `tracestate`.' })
  propagate: 'w3c' = 'w3c';

  @Key(choice('trusted', 'all'), {
    doc: 'Whose traces are continued: `trusted` = those of `trustedProxies`; a trace of anyone else gets a link, and a new trace begins. `all` = those of any client, which then decides what is recorded.',
  })
  parents: 'trusted' | 'all' = 'trusted';

  @Key(label, { doc: '`service.name` of the spans.' })
  service: string = 'gatehouse';

  @Key(map(attributeName, label), {
    doc: 'More attributes of the resource that spans come from, such as `deployment.environment.name: production`.',
  })
  resource: Map<string, string> = new Map();

  @Key(collectorHeaders, {
    doc: 'Fields of the messages to the collector, such as the token that it asks for. Never shown.',
  })
  headers: Map<string, string> = new Map();

  @Key(choice('none', 'gzip'), { doc: 'How messages to the collector are compressed.' })
  compression: 'none' | 'gzip' = 'none';

  @Key(duration({ min: 100, max: 60_000 }), {
    doc: 'Time in which the collector must have taken a message, with repetitions where it refuses or cannot be reached for a while. What it has not taken then is lost, and counted.',
  })
  timeout: number = 10_000;
}
