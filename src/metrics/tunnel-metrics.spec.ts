import { Gauge } from 'prom-client';
import { expect, it } from 'vitest';
import { MetricsSources } from './metrics-sources.js';
import { TunnelMetrics } from './tunnel-metrics.js';

it('the gauge of open tunnels forgets backends that are gone when their last tunnel has ended', async () => {
  const sources = new MetricsSources();
  let ids = ['a', 'b'];
  sources.addBackends(() => ids.map(id => ({ upstream: 'app', backend: { id, inFlight: 0 }, available: true })));
  const metrics = new TunnelMetrics(sources);
  const none = { in: 0, out: 0 };
  const open = (backend: string) =>
    metrics.open({ route: 'all', upstream: 'app', backend }, () => ({
      bytes: none,
      text: none,
      binary: none,
      ping: none,
      pong: none,
    }));
  const shown = async () => {
    const gauge = new Gauge({ name: 'open', help: '-', labelNames: ['route', 'upstream', 'backend'], registers: [] });
    metrics.showOpen(gauge);
    return (await gauge.get()).values.map(({ labels, value }) => [labels['backend'], value]);
  };
  const [a, b] = [open('a'), open('b')];
  ids = ['a'];
  expect(await shown()).toEqual([
    ['a', 1],
    ['b', 1],
  ]);
  a.close(undefined);
  b.close(undefined);
  expect(await shown()).toEqual([['a', 0]]);
  open('b');
  expect(await shown()).toEqual([
    ['a', 0],
    ['b', 1],
  ]);
});
