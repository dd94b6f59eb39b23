import type { Sample, ThreadMetric, ThreadMetrics } from './aggregate.js';

/** The two formats that Prometheus reads. */
export type ExpositionFormat = 'prometheus' | 'openmetrics';

/** The `Content-Type` of each format. */
export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** Units that the names of metrics end with; OpenMetrics tells them apart. */
const units = /_(seconds|bytes|ratio)$/;

/** The metrics as text. OpenMetrics is that of the specification 1.0: families of counters without `_total`, `# UNIT`, `_info` as a type, an end. `_created` is left out, as it may be. */
export function exposition(metrics: ThreadMetrics, format: ExpositionFormat): string {
  if (format === 'prometheus') return `${metrics.map(familyText).join('\n\n')}\n`;
  return `${metrics.map(openFamily).join('')}# EOF\n`;
}

/** What a metric of any type is in a text, and how its samples are called and labelled there. */
interface Family {
  readonly name: string;
  readonly type: string;
  readonly nameOf: (sample: Sample) => string;
}

function familyText(metric: ThreadMetric): string {
  const { help, name, type, values } = metric;
  const lines = [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${String(type)}`];
  for (const sample of values) lines.push(line(sample.metricName ?? name, sample, String));
  return lines.join('\n');
}

function openFamily(metric: ThreadMetric): string {
  const { name, nameOf, type } = familyOf(metric);
  const [, unit] = units.exec(name) ?? [];
  let text = `# TYPE ${name} ${type}\n`;
  if (unit !== undefined) text += `# UNIT ${name} ${unit}\n`;
  text += `# HELP ${name} ${escapeLabel(metric.help)}\n`;
  for (const sample of metric.values) text += `${line(nameOf(sample), sample, canonical)}\n`;
  return text;
}

function familyOf({ name, type, values }: ThreadMetric): Family {
  switch (String(type)) {
    case 'counter': {
      const family = name.replace(/_total$/, '');
      return { name: family, type: 'counter', nameOf: () => `${family}_total` };
    }
    case 'gauge':
      if (name.endsWith('_info') && values.every(({ value }) => value === 1))
        return { name: name.replace(/_info$/, ''), type: 'info', nameOf: () => name };
      return { name, type: 'gauge', nameOf: () => name };
    default:
      return { name, type: String(type), nameOf: ({ metricName }) => metricName ?? name };
  }
}

/** `boundText`: how the bound of a bucket, or a quantile, is written where it is a number. */
function line(name: string, { labels, value }: Sample, boundText: (bound: number) => string): string {
  const pairs = [];
  for (const [label, given] of Object.entries(labels)) {
    const isBound = (label === 'le' || label === 'quantile') && typeof given === 'number';
    pairs.push(`${label}="${isBound ? boundText(given) : escapeLabel(String(given))}"`);
  }
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${valueText(value)}`;
}

/** A bound as OpenMetrics wants it, so that all programs write it alike: `1.0` and not `1`. */
function canonical(bound: number): string {
  return Number.isInteger(bound) && Math.abs(bound) < 1e21 ? `${bound}.0` : valueText(bound);
}

function valueText(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value < 0 ? '-Inf' : '+Inf';
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return /["\\\n]/.test(text) ? escapeHelp(text).replaceAll('"', '\\"') : text;
}
