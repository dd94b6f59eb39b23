import { Test } from '@nestjs/testing';
import { Registry } from 'prom-client';
import { expect, it, onTestFinished } from 'vitest';
import { MetricsModule } from './metrics.module.js';
import { ProbeMetrics } from './probe-metrics.js';

it('the metrics of health checks count probes and show the verdict, from zero on', async () => {
  const settings = { buckets: [1], processMetrics: false };
  const module = await Test.createTestingModule({ imports: [MetricsModule.forRoot(settings)] }).compile();
  onTestFinished(() => module.close());
  const metrics = module.get(ProbeMetrics);
  const scrape = async () => {
    const lines = (await module.get(Registry).metrics()).split('\n');
    return lines.filter(line => /^gatehouse_(probes|backend_healthy)/.test(line)).map(line => line.split('} ')[1]);
  };
  expect(await scrape()).toEqual([]);
  metrics.verdict('app', 'a', true);
  expect(await scrape()).toEqual(['0', '0', '1']);
  metrics.probed('app', 'a', 'healthy');
  metrics.probed('app', 'a', 'unhealthy');
  metrics.probed('app', 'a', 'unhealthy');
  metrics.verdict('app', 'a', false);
  expect(await scrape()).toEqual(['1', '2', '0']);
  metrics.forget('app', 'a');
  expect(await scrape()).toEqual([]);
});
