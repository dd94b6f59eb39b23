import { Test } from '@nestjs/testing';
import { AggregatorRegistry, Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CircuitMetrics, type CircuitReading } from './circuit-metrics.js';
import { MetricsModule } from './metrics.module.js';

async function setup() {
  const settings = { buckets: [1], processMetrics: false };
  const module = await Test.createTestingModule({ imports: [MetricsModule.forRoot(settings)] }).compile();
  onTestFinished(() => module.close());
  const registry = module.get(Registry);
  return {
    registry,
    metrics: module.get(CircuitMetrics),
    /** The lines of one metric, without its comments. */
    scrape: async (name: string): Promise<string[]> => {
      const prefix = `gatehouse_circuit_${name}{`;
      return (await registry.metrics())
        .split('\n')
        .filter(line => line.startsWith(prefix))
        .map(line => line.slice(prefix.length));
    },
  };
}

const reading = (backend: string, state: CircuitReading['state']): CircuitReading => ({
  upstream: 'orders',
  backend,
  state,
});

describe('the metrics of circuits', () => {
  it('show the state at the moment of the scrape: 0 closed, 1 half-open, 2 open', async () => {
    const { metrics, scrape } = await setup();
    let circuits = [reading('a', 'closed'), reading('b', 'half-open'), reading('c', 'open')];
    const remove = metrics.addCircuits(() => circuits);
    expect(await scrape('state')).toEqual([
      'upstream="orders",backend="a"} 0',
      'upstream="orders",backend="b"} 1',
      'upstream="orders",backend="c"} 2',
    ]);
    circuits = [reading('b', 'closed')];
    expect(await scrape('state')).toEqual(['upstream="orders",backend="b"} 0']);
    remove();
    expect(await scrape('state')).toEqual([]);
  });

  it('count changes by the state that they lead to, and rejections, and only ever grow', async () => {
    const { metrics, scrape } = await setup();
    metrics.changed('orders', 'a', 'open');
    metrics.changed('orders', 'a', 'half-open');
    metrics.changed('orders', 'a', 'open');
    metrics.rejected('orders', 'a');
    await scrape('rejections_total');
    metrics.rejected('orders', 'a');
    expect(await scrape('transitions_total')).toEqual([
      'upstream="orders",backend="a",to="open"} 2',
      'upstream="orders",backend="a",to="half-open"} 1',
      'upstream="orders",backend="a",to="closed"} 0',
    ]);
    expect(await scrape('rejections_total')).toEqual(['upstream="orders",backend="a"} 2']);
  });

  it('show every circuit from zero on, so that the first opening is a rise', async () => {
    const { metrics, scrape } = await setup();
    metrics.addCircuits(() => [reading('a', 'closed')]);
    expect(await scrape('rejections_total')).toEqual(['upstream="orders",backend="a"} 0']);
    expect(await scrape('transitions_total')).toHaveLength(3);
  });

  it('forget circuits of backends that are gone, once their last counts were shown', async () => {
    const { metrics, scrape } = await setup();
    let circuits = [reading('a', 'closed'), reading('b', 'closed')];
    metrics.addCircuits(() => circuits);
    metrics.changed('orders', 'b', 'open');
    await scrape('state');
    circuits = [reading('a', 'closed')];
    metrics.changed('orders', 'b', 'closed');
    metrics.rejected('orders', 'b');
    expect((await scrape('transitions_total')).filter(line => line.includes('"b"'))).toHaveLength(3);
    expect((await scrape('transitions_total')).filter(line => line.includes('"b"'))).toEqual([]);
    expect(await scrape('rejections_total')).toEqual(['upstream="orders",backend="a"} 0']);
  });

  it('of several threads are merged: the worst state, the sum of the counts', async () => {
    const threads = [await setup(), await setup()];
    for (const [index, { metrics }] of threads.entries()) {
      metrics.addCircuits(() => [reading('a', index === 0 ? 'closed' : 'open')]);
      metrics.rejected('orders', 'a');
    }
    const json = await Promise.all(threads.map(({ registry }) => registry.getMetricsAsJSON()));
    const text = await AggregatorRegistry.aggregate(json).metrics();
    expect(text).toContain('gatehouse_circuit_state{upstream="orders",backend="a"} 2');
    expect(text).toContain('gatehouse_circuit_rejections_total{upstream="orders",backend="a"} 2');
  });
});
