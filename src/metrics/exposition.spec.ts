import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { parseExposition } from '../../test/support/exposition.js';
import { exposition } from './exposition.js';

/** Metrics of all types, with odd texts and numbers. */
function setup() {
  const registry = new Registry();
  const registers = [registry];
  const counter = new Counter({ name: 'shop_orders_total', help: 'Orders.', labelNames: ['kind'], registers });
  counter.inc({ kind: 'a"b\\c\nd' }, 2);
  new Counter({ name: 'shop_visits', help: 'Visits, as "people" call them.', registers }).inc(1.5);
  const gauge = new Gauge({ name: 'shop_stock_bytes', help: 'A \\ and\na line.', labelNames: ['at'], registers });
  for (const [at, value] of [Infinity, -Infinity, Number.NaN, -0.5, 1e300, 0].entries()) gauge.set({ at }, value);
  new Gauge({ name: 'shop_build_info', help: 'The build.', labelNames: ['version'], registers }).set(
    { version: '1' },
    1,
  );
  new Gauge({ name: 'shop_odd_info', help: 'No info at all.', registers }).set(2);
  const buckets = [0.000_000_1, 0.5, 1, 10];
  const durations = new Histogram({
    name: 'shop_wait_seconds',
    help: 'Waits.',
    labelNames: ['at'],
    buckets,
    registers,
  });
  for (const value of [0.1, 1, 5, 99]) durations.observe({ at: 'a' }, value);
  new Summary({ name: 'shop_size_bytes', help: 'Sizes.', percentiles: [0.5, 1], registers }).observe(3);
  return registry;
}

describe('the text of metrics', () => {
  it('is what prom-client writes, but for its NaN, which Prometheus does not read', async () => {
    const registry = setup();
    const text = exposition(await registry.getMetricsAsJSON(), 'prometheus');
    expect(text).toBe((await registry.metrics()).replace('} Nan\n', '} NaN\n'));
    expect(parseExposition(text, 'prometheus')).toHaveLength(7);
  });

  it('has the types, units, names and bounds of OpenMetrics', async () => {
    const text = exposition(await setup().getMetricsAsJSON(), 'openmetrics');
    const families = parseExposition(text, 'openmetrics');
    expect(families.map(({ name, type, unit }) => [name, type, unit])).toEqual([
      ['shop_orders', 'counter', undefined],
      ['shop_visits', 'counter', undefined],
      ['shop_stock_bytes', 'gauge', 'bytes'],
      ['shop_build', 'info', undefined],
      ['shop_odd_info', 'gauge', undefined],
      ['shop_wait_seconds', 'histogram', 'seconds'],
      ['shop_size_bytes', 'summary', 'bytes'],
    ]);
    expect(families[0]!.samples).toEqual([
      { name: 'shop_orders_total', labels: new Map([['kind', 'a"b\\c\nd']]), value: 2 },
    ]);
    expect(families[1]).toMatchObject({
      help: 'Visits, as "people" call them.',
      samples: [{ name: 'shop_visits_total' }],
    });
    const bounds = families[5]!.samples.flatMap(({ labels }) => labels.get('le') ?? []);
    expect(bounds).toEqual(['1e-7', '0.5', '1.0', '10.0', '+Inf']);
    expect(text.endsWith('\n# EOF\n')).toBe(true);
  });

  it('is only the end where there is nothing', () => {
    expect([exposition([], 'prometheus'), exposition([], 'openmetrics')]).toEqual(['\n', '# EOF\n']);
  });
});
