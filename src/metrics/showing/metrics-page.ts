import { metricGroups } from './groups.js';
import { labelMeanings } from './labels.js';
import { queries } from './queries.js';

/** A metric, for the page. */
export interface DescribedMetric {
  readonly name: string;
  /** `counter`, `gauge`, `histogram` or `summary`. */
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** The page of all metrics, in Markdown. @throws Error for a metric or a label that nothing is known of. */
export function metricsPage(metrics: readonly DescribedMetric[]): string {
  const parts = [begin, asked(), formats, bounded, labelsOf(metrics), '## All metrics', ...groups(metrics), own];
  return `${parts.map(part => part.trim()).join('\n\n')}\n`;
}

function asked(): string {
  const all = queries.map(({ promql, question }) => `${question}\n\n\`\`\`promql\n${promql}\n\`\`\``);
  return ['## What people ask', ...all].join('\n\n');
}

function labelsOf(metrics: readonly DescribedMetric[]): string {
  const used = new Set(metrics.filter(isOwn).flatMap(({ labels }) => labels));
  const unknown = [...used].find(label => !Object.hasOwn(labelMeanings, label));
  if (unknown !== undefined)
    throw new Error(`src/metrics/showing/labels.ts does not say what the label ${unknown} means`);
  const lines = Object.entries(labelMeanings).map(([label, { means, values }]) => {
    const list = values === undefined ? '' : ` One of ${values.map(value => `\`${value}\``).join(', ')}.`;
    return `- \`${label}\`: ${means}${list}`;
  });
  return `## Labels\n\n${lines.join('\n')}`;
}

function groups(metrics: readonly DescribedMetric[]): string[] {
  const left = new Set(metrics);
  const sections = metricGroups.map(({ about, names, title }) => {
    const its = [...left].filter(({ name }) => names.test(name));
    for (const metric of its) left.delete(metric);
    its.sort((one, other) => (one.name < other.name ? -1 : 1));
    return [`### ${title}`, ...(about === undefined ? [] : [about]), ...its.map(entry)].join('\n\n');
  });
  const [lost] = left;
  if (lost !== undefined) throw new Error(`src/metrics/showing/groups.ts has no place for ${lost.name}`);
  return sections;
}

function entry({ help, labels, name, type }: DescribedMetric): string {
  const [, unit] = /_(seconds|bytes)(?:_total)?$/.exec(name) ?? [];
  const by = labels.length === 0 ? '' : ` · by ${labels.map(label => `\`${label}\``).join(', ')}`;
  return `**\`${name}\`** · _${type}${unit === undefined ? '' : `, ${unit}`}_${by}\n\n${help.replace(/\.?$/, '.')}`;
}

function isOwn({ name }: DescribedMetric): boolean {
  return name.startsWith('gatehouse_');
}

const begin = `
# Metrics

What \`/metrics\` on the admin listener tells Prometheus and its like. This page is made from the metrics themselves (\`npm run generated\` compares them), so it names all of them. With
[worker threads](operating.md#metrics-of-several-threads) it shows all threads as one.

[\`deploy/grafana/gatehouse.json\`](../deploy/grafana/gatehouse.json) is a dashboard of them, [\`deploy/prometheus/gatehouse.rules.yaml\`](../deploy/prometheus/gatehouse.rules.yaml) has alerts, each with
[what to do](operating.md#alerts). Scrape each instance by its own address, with the admin token:

\`\`\`yaml
scrape_configs:
  - job_name: gatehouse
    authorization: { credentials_file: /run/secrets/admin-token }
    static_configs: [{ targets: ['gateway-1:9901', 'gateway-2:9901'] }]
\`\`\`
`;

const formats = `
## Formats

A client that asks for \`application/openmetrics-text; version=1.0.0\` gets [OpenMetrics 1.0](https://prometheus.io/docs/specs/om/open_metrics_spec/), as Prometheus does; all others get the
[text format](https://prometheus.io/docs/instrumenting/exposition_formats/). Both say the same. In OpenMetrics bounds are written \`1.0\` where the text format has \`1\`; Prometheus 3 takes both for one series, while in version 2
the buckets of whole seconds begin anew when the format changes. \`_created\` is not written.

Names follow [the conventions](https://prometheus.io/docs/practices/naming/): counters end in \`_total\`, times are in seconds, sizes in bytes, a moment is \`_timestamp_seconds\` since 1970. Names and labels are part of what
a version promises: a change is told in the [changelog](../CHANGELOG.md).
`;

const bounded = `
## How many series there are

No client can make a series: each label is a name of your configuration, a backend that discovery has found, or from a list. So their number follows from the file:

- a route has about \`metrics.buckets\` + 3 for its duration, and one for each status and each error that occurs, of fewer than 80 statuses;
- a backend has about 20, and \`metrics.backendBuckets\` + 3. With thousands of backends, have fewer bounds, or \`backendBuckets: []\`, which leaves the mean;
- an upstream has twice \`metrics.buckets\` + 3.

A request counts in plain memory, and what is counted is written out only when it is scraped: that costs a thread about 2 µs for each series, and requests nothing that can be measured.
`;

const own = `
## A metric of your own

An application of your own, or a module in \`imports\`, provides a metric, which \`/metrics\` then shows beside those above:

\`\`\`ts
import { Module } from '@nestjs/common';
import { Counter, InjectMetric, provideCounter } from 'gatehouse';

class OrderMetrics {
  constructor(@InjectMetric('shop_orders_total') private readonly orders: Counter<'kind'>) {}

  ordered(kind: 'book' | 'record'): void {
    this.orders.inc({ kind });
  }
}

@Module({
  providers: [
    OrderMetrics,
    provideCounter({ name: 'shop_orders_total', help: 'Orders that were placed.', labelNames: ['kind'] }),
  ],
})
export class OrdersModule {}
\`\`\`

- \`provideGauge\` and \`provideHistogram\` take what prom-client's \`Gauge\` and \`Histogram\` do; a gauge with \`collect\` is read at each scrape. All metrics are in prom-client's \`Registry\`, which can be injected, too. Each gateway of a process
  has a registry of its own.
- A metric whose label comes from a client grows with each client. Have lists, and one value for all else.
- Metrics that are made with \`makeCounterProvider\` of \`@willsoto/nestjs-prometheus\` are in that package's own registry, and not shown here.
- Where several threads have a metric, \`aggregator\` says how their values become one: \`sum\` is the default.
`;
