import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describedMetrics, generatedMetricsPage } from '../../src/cli/metrics-page.js';
import * as library from '../../src/index.js';
import { labelMeanings } from '../../src/metrics/showing/labels.js';
import type { DescribedMetric } from '../../src/metrics/showing/metrics-page.js';
import { queries } from '../../src/metrics/showing/queries.js';
import { problemsOf } from '../support/promql.js';

const file = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

let metrics: readonly DescribedMetric[];

beforeAll(async () => {
  metrics = await describedMetrics();
});

describe('docs/metrics.md', () => {
  it('is what the registry says (npm run build && node dist/config/showing/generate.js writes it)', async () => {
    expect(file('docs/metrics.md')).toBe(await generatedMetricsPage());
  });

  it.each(queries.map(({ promql, question }) => [question, promql]))('%s', (_, promql) => {
    expect(problemsOf(promql, metrics)).toEqual([]);
  });

  it('explains no label that there is not', () => {
    const used = new Set(metrics.flatMap(({ labels }) => labels));
    expect(Object.keys(labelMeanings).filter(label => !used.has(label))).toEqual([]);
  });

  it('imports only what the package exports', () => {
    const [, names = ''] = /import \{([^}]*)\} from 'gatehouse'/.exec(file('docs/metrics.md')) ?? [];
    expect(names.split(',')).toHaveLength(3);
    for (const name of names.split(',')) expect(library).toHaveProperty(name.trim());
  });

  it('says in a sentence what each metric is', () => {
    for (const { help, name } of metrics) if (name.startsWith('gatehouse_')) expect(help).toMatch(/^[A-Z0-9].*\.$/);
  });
});

describe('the pages', () => {
  const pages = readdirSync(new URL('../../docs/', import.meta.url)).filter(name => name.endsWith('.md'));

  it.each([...pages.map(name => `docs/${name}`), 'deploy/README.md', 'README.md'])(
    '%s names metrics that exist',
    page => {
      const known = new Set(metrics.map(({ name }) => name));
      const named = (file(page).match(/\bgatehouse_\w+/g) ?? []).filter(name => !name.endsWith('_'));
      expect(named.filter(name => !known.has(name) && !known.has(name.replace(/_(?:bucket|sum|count)$/, '')))).toEqual(
        [],
      );
    },
  );
});

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

describe('deploy/prometheus/gatehouse.rules.yaml', () => {
  const { groups } = parse(file('deploy/prometheus/gatehouse.rules.yaml')) as { groups: { rules: Alert[] }[] };
  const alerts = groups.flatMap(({ rules }) => rules);

  it.each(alerts.map(alert => [alert.alert, alert] as const))(
    '%s asks for what there is',
    (_, { annotations, expr }) => {
      expect(problemsOf(expr, metrics)).toEqual([]);
      // What the summary names, the result has.
      const labels = /by \(([^)]*)\)/
        .exec(expr)?.[1]
        ?.split(',')
        .map(label => label.trim());
      const [name] = /\b(?:gatehouse|process)_\w+/.exec(expr) ?? [];
      const own = metrics.find(each => each.name === name)?.labels ?? [];
      for (const [, label] of annotations.summary.matchAll(/\$labels\.(\w+)/g))
        expect(labels ?? [...own, 'job', 'instance']).toContain(label);
    },
  );

  it('leads from each alert to what is to be done, and has all that the page tells of', () => {
    const [, section = ''] = /\n## Alerts\n([\s\S]*?)(?:\n## |$)/.exec(file('docs/operating.md')) ?? [];
    const told = [...section.matchAll(/^### (\w+)\n\n.+\n\n.+/gm)].map(([, name]) => name);
    expect(told).toEqual(alerts.map(({ alert }) => alert));
    for (const { alert, annotations, labels } of alerts) {
      expect(annotations.runbook_url).toBe(`docs/operating.md#${alert.toLowerCase()}`);
      expect(['critical', 'warning', 'info']).toContain(labels.severity);
    }
  });
});

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly description?: string;
  readonly datasource?: object;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string; readonly datasource: object }[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[];
  };
}

describe('deploy/grafana/gatehouse.json', () => {
  const text = file('deploy/grafana/gatehouse.json');
  const { annotations, panels, templating } = JSON.parse(text) as Dashboard;
  const shown = panels.filter(({ type }) => type !== 'row');

  it.each(shown.map(panel => [`${panel.id} ${panel.title}`, panel] as const))(
    'panel %s asks for what there is',
    (_, panel) => {
      expect(panel.targets?.length).toBeGreaterThan(0);
      for (const { expr, legendFormat } of panel.targets ?? []) {
        expect(problemsOf(expr, metrics)).toEqual([]);
        expect(expr).toContain('instance=~"$instance"');
        // A legend names labels that are left.
        const kept = /by \(([^)]*)\)/.exec(expr)?.[1]?.split(', ');
        const [name = ''] = /\b(?:gatehouse|process|nodejs)_\w+/.exec(expr) ?? [];
        const its = metrics.find(each => each.name === name.replace(/_(?:sum|count|bucket)$/, ''))?.labels ?? [];
        for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
          expect(kept ?? [...its, 'instance']).toContain(label);
      }
      expect(panel.description).toMatch(/\.$/);
      expect(panel.fieldConfig?.defaults.unit).toBeDefined();
    },
  );

  it('has a choice of the data source and the instances, which each panel heeds', () => {
    expect(templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['datasource', 'datasource'],
      ['instance', 'query'],
    ]);
    const [, metric] = /^label_values\((\w+), instance\)$/.exec(templating.list[1]!.definition ?? '') ?? [];
    expect(metrics.map(({ name }) => name)).toContain(metric);
    const source = { type: 'prometheus', uid: '${datasource}' };
    for (const { datasource, targets = [] } of shown)
      expect([datasource, ...targets.map(each => each.datasource)].every(each => JSON.stringify(each) === JSON.stringify(source))).toBe(true); // prettier-ignore
    for (const { expr } of annotations.list) expect(problemsOf(expr, metrics)).toEqual([]);
    const variables = new Set(text.match(/\$\{?\w+/g)?.map(each => each.replace(/\W/g, '')));
    expect([...variables].toSorted()).toEqual(['__all', '__rate_interval', 'datasource', 'instance']);
  });

  it('has its panels beside and below each other, in 24 columns', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { gridPos, title } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x},${y}`), title).toBe(false);
          taken.add(`${x},${y}`);
        }
      }
    }
  });
});

describe('the check of expressions', () => {
  it.each([
    ['sum(rate(gatehouse_requests_total[5m])', 'not PromQL'],
    ['sum(gatehouse_nothing)', 'no such metric'],
    ['gatehouse_requests_total{backend="a"}', 'has no label backend'],
    ['sum by (backend) (gatehouse_requests_total)', 'nothing has a label backend'],
    ['rate(gatehouse_connections_open[5m])', 'has no rate'],
    ['gatehouse_attempts_total{outcome="failed"}', 'never has outcome'],
    ['histogram_quantile(0.9, sum by (route) (rate(gatehouse_request_duration_seconds_bucket[5m])))', 'without le'],
    ['histogram_quantile(0.9, rate(gatehouse_requests_total[5m]))', 'from buckets'],
    ['gatehouse_request_duration_seconds', 'no such metric'],
  ])('finds what is wrong with %s', (expression, problem) => {
    expect(problemsOf(expression, metrics).join('; ')).toContain(problem);
  });
});
