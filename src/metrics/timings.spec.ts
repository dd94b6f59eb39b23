import { Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { TimingHistogram, Timings } from './timings.js';

const buckets = [0.005, 0.25, 1];

function setup() {
  const registry = new Registry();
  const timings = new Timings(buckets);
  const settings = { name: 'd', help: 'Durations.', labelNames: ['route'], registers: [registry] };
  return { registry, timings, histogram: new TimingHistogram(timings, settings) };
}

describe('durations that are shown at the scrape', () => {
  it('show as if prom-client had observed each of them, in text and as JSON', async () => {
    const plain = new Registry();
    const settings = { name: 'd', help: 'Durations.', labelNames: ['route'], buckets, registers: [plain] };
    const histogram = new Histogram(settings);
    const { registry, timings } = setup();
    for (const [route, durations] of Object.entries({ a: [0, 0.005, 0.0050001, 1, 64], b: [2 ** -3, 0.25, 0.5] })) {
      const timing = timings.add({ route });
      for (const seconds of durations) {
        histogram.observe({ route }, seconds);
        timing.observe(seconds);
      }
    }
    expect(await registry.metrics()).toBe(await plain.metrics());
    expect(await registry.getMetricsAsJSON()).toEqual(await plain.getMetricsAsJSON());
  });

  it('add up over several scrapes', async () => {
    const { registry, timings } = setup();
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
    const { registry, timings } = setup();
    timings.add({ route: 'a' });
    expect(await registry.metrics()).not.toContain('route="a"');
  });

  it('get the default labels of the registry', async () => {
    const { registry, timings } = setup();
    registry.setDefaultLabels({ host: 'h' });
    timings.add({ route: 'a' }).observe(1);
    await registry.getMetricsAsJSON();
    timings.add({ route: 'b' }).observe(1);
    expect(await registry.metrics()).toContain('d_count{route="a",host="h"} 1\n');
    expect((await registry.metrics()).match(/^d_.*host="h"/gm)).toHaveLength(12);
  });
});
