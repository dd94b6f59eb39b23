import { Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Timings } from './timings.js';

const buckets = [0.005, 0.25, 1];

function histogram(collect?: (this: Histogram<string>) => void) {
  const registry = new Registry();
  const settings = { name: 'd', help: 'Durations.', labelNames: ['route'], buckets, registers: [registry] };
  return { registry, histogram: new Histogram(collect === undefined ? settings : { ...settings, collect }) };
}

describe('durations that are handed over at the scrape', () => {
  it('show as if prom-client had observed each of them, in text and as JSON', async () => {
    const plain = histogram();
    const timings = new Timings(buckets);
    const drained = histogram(function () {
      timings.drain(this);
    });
    for (const [route, durations] of Object.entries({ a: [0, 0.005, 0.0050001, 1, 64], b: [2 ** -3, 0.25, 0.5] })) {
      const timing = timings.add({ route });
      for (const seconds of durations) {
        plain.histogram.observe({ route }, seconds);
        timing.observe(seconds);
      }
    }
    expect(await drained.registry.metrics()).toBe(await plain.registry.metrics());
    expect(await drained.registry.getMetricsAsJSON()).toEqual(await plain.registry.getMetricsAsJSON());
  });

  it('add up over several scrapes', async () => {
    const timings = new Timings(buckets);
    const { registry } = histogram(function () {
      timings.drain(this);
    });
    const timing = timings.add({ route: 'a' });
    for (let scrape = 1; scrape <= 3; scrape++) {
      timing.observe(0.125);
      const text = await registry.metrics();
      expect(await registry.metrics()).toBe(text);
      expect(text).toContain(`d_bucket{le="0.005",route="a"} 0\nd_bucket{le="0.25",route="a"} ${scrape}\n`);
      expect(text).toContain(`d_sum{route="a"} ${scrape / 8}\nd_count{route="a"} ${scrape}\n`);
    }
  });

  it('make no series before there is one', async () => {
    const timings = new Timings(buckets);
    timings.add({ route: 'a' });
    const { registry } = histogram(function () {
      timings.drain(this);
    });
    expect(await registry.metrics()).not.toContain('route="a"');
  });

  it('know when prom-client has changed', () => {
    const timing = new Timings(buckets).add({ route: 'a' });
    timing.observe(1);
    const other = { zero: () => undefined, hashMap: {} } as unknown as Histogram<string>;
    expect(() => timing.drain(other)).toThrow('prom-client does not keep its series where it used to');
  });
});
