import { Test } from '@nestjs/testing';
import { Registry } from 'prom-client';
import { expect, it, onTestFinished } from 'vitest';
import { DiscoveryMetrics } from './discovery-metrics.js';
import { MetricsModule } from './metrics.module.js';

it('the metrics of discovery show what was found and how it fails, from zero on, until the upstream has none', async () => {
  const settings = { buckets: [1], processMetrics: false };
  const module = await Test.createTestingModule({ imports: [MetricsModule.forRoot(settings)] }).compile();
  onTestFinished(() => module.close());
  const metrics = module.get(DiscoveryMetrics);
  const scrape = async () => {
    const lines = (await module.get(Registry).metrics()).split('\n');
    return Object.fromEntries(
      lines.filter(line => /^gatehouse_discovery_/.test(line)).map(line => line.slice(20).split('{upstream="app"} ')),
    );
  };
  expect(await scrape()).toEqual({});
  metrics.begun('app');
  expect(await scrape()).toEqual({ backends: '0', failing: '0', failures_total: '0' });
  metrics.found('app', 3);
  metrics.failed('app');
  metrics.failed('app');
  expect(await scrape()).toEqual({ backends: '3', failing: '1', failures_total: '2' });
  metrics.begun('app');
  metrics.answered('app');
  expect(await scrape()).toEqual({ backends: '3', failing: '0', failures_total: '2' });
  metrics.forget('app');
  expect(await scrape()).toEqual({});
});
