import { Test } from '@nestjs/testing';
import { getToken } from '@willsoto/nestjs-prometheus';
import { type Counter, Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AttemptMetrics } from './attempt-metrics.js';
import { CircuitMetrics } from './circuit-metrics.js';
import { ConfigMetrics } from './config-metrics.js';
import { MergedMetrics, type MetricsThread } from './merged-metrics.js';
import { MetricsSources, type BackendState } from './metrics-sources.js';
import { MetricsModule } from './metrics.module.js';
import { provideCounter } from './own-metrics.js';
import { ProbeMetrics } from './probe-metrics.js';
import { WorkerMetrics } from './worker-metrics.js';

/** The metrics of a thread. `worker`: its number; undefined: the main thread. */
async function thread(worker?: number) {
  const settings = { buckets: [1], version: '1.2.3', worker };
  const own = provideCounter({ name: 'shop_orders_total', help: 'Orders.', labelNames: ['kind'] });
  const module = await Test.createTestingModule({
    imports: [MetricsModule.forRoot(settings)],
    providers: [own],
  }).compile();
  onTestFinished(() => module.close());
  return module;
}

/** A main thread with two workers. */
async function setup() {
  const main = await thread();
  const workers = [await thread(1), await thread(2)];
  const threads: MetricsThread[] = workers.map((worker, id) => ({
    id,
    read: async () => structuredClone(await worker.get(Registry).getMetricsAsJSON()),
  }));
  const merged = new MergedMetrics(main.get(Registry), () => threads);
  return {
    main,
    workers,
    all: [main, ...workers],
    merged,
    /** Kills the first worker. */
    crash: (): void => {
      threads.shift();
      merged.ended(0);
    },
    /** The lines of metrics that are not the gateway's. */
    others: async (): Promise<string[]> =>
      (await merged.metrics()).split('\n').filter(line => line.startsWith('shop_')),
    /** The lines of some metrics, without `gatehouse_`. */
    scrape: async (name: string): Promise<string[]> => {
      const lines = (await merged.metrics()).split('\n').filter(line => line.startsWith(`gatehouse_${name}`));
      return lines.map(line => line.slice('gatehouse_'.length));
    },
  };
}

describe('the metrics of a gateway with workers', () => {
  it('show how many workers run, and how many were replaced, as the main thread says', async () => {
    const { main, workers, scrape } = await setup();
    const metrics = main.get(WorkerMetrics);
    metrics.running(2);
    workers[0]!.get(WorkerMetrics).running(1);
    metrics.restarted('stuck');
    expect(await scrape('worker')).toEqual([
      'workers 2',
      'worker_restarts_total{reason="crashed"} 0',
      'worker_restarts_total{reason="stuck"} 1',
      'worker_restarts_total{reason="memory"} 0',
    ]);
  });

  it('show metrics of the application around it, of all threads together', async () => {
    const { all, crash, others } = await setup();
    for (const module of all) module.get<Counter<'kind'>>(getToken('shop_orders_total')).inc({ kind: 'book' }, 2);
    expect(await others()).toEqual(['shop_orders_total{kind="book"} 6']);
    crash();
    expect(await others()).toEqual(['shop_orders_total{kind="book"} 6']);
  });

  it('show how busy each thread is', async () => {
    const { scrape } = await setup();
    for (const name of ['event_loop_delay_seconds', 'event_loop_busy_seconds_total', 'heap_used_bytes']) {
      const series = (await scrape(name)).map(line => line.replace(/ \d.*/, ''));
      expect(series).toEqual(['main', '1', '2'].map(label => `${name}{thread="${label}"}`));
    }
  });

  it('show the process once', async () => {
    const { main, merged } = await setup();
    const alone = await main.get(Registry).metrics();
    const names = (text: string): string[] => text.match(/^(process|nodejs)_\w+(?:\{.*\})?/gm) ?? [];
    const together = await merged.metrics();
    expect(new Set(names(together)).size).toBe(names(together).length);
    expect(names(together).length).toBeGreaterThanOrEqual(names(alone).length);
    const [start] = /^process_start_time_seconds .*/m.exec(alone)!;
    expect(together).toContain(`${start}\n`);
    expect(together).toContain('gatehouse_build_info{version="1.2.3"} 1\n');
  });

  it('count a reload once, and say that it is not in force everywhere until it is', async () => {
    const { all, main, workers, scrape, crash } = await setup();
    for (const module of all) module.get(ConfigMetrics).inForce(77);
    for (const module of all) module.get(ConfigMetrics).asked('applied');
    expect(await scrape('config_reloads_total{result="applied"}')).toEqual([
      'config_reloads_total{result="applied"} 1',
    ]);
    expect(await scrape('config_hash')).toEqual(['config_hash 77']);
    expect(await scrape('config_reload_success ')).toEqual(['config_reload_success 1']);
    workers[0]!.get(ConfigMetrics).asked('refused');
    expect(await scrape('config_reload_success ')).toEqual(['config_reload_success 0']);
    crash();
    main.get(ConfigMetrics).asked('unchanged');
    expect(await scrape('config_reload')).toEqual([
      'config_reload_success 1',
      expect.stringMatching(/^config_reload_success_timestamp_seconds \d+/),
      'config_reloads_total{result="applied"} 1',
      'config_reloads_total{result="unchanged"} 1',
      'config_reloads_total{result="refused"} 0',
    ]);
  });

  it('add up what each thread has of a backend, but not what all threads share', async () => {
    const { main, workers, scrape } = await setup();
    const backend = { id: 'a', inFlight: 4 };
    const traffic = { sending: 1, unread: 2, connections: { active: 3, idle: 2, pending: 1 } };
    const add = (to: typeof main, state: Partial<BackendState> = {}): void =>
      void to.get(MetricsSources).addBackends(() => [{ upstream: 'orders', backend, available: true, ...state }]);
    add(main);
    add(workers[0]!, traffic);
    add(workers[1]!, { ...traffic, available: false });
    for (const worker of workers) worker.get(MetricsSources).addMemory(() => ({ bodies: 5, answers: 6 }));
    expect(await scrape('backend_')).toEqual([
      'backend_available{upstream="orders",backend="a"} 0',
      'backend_in_flight{upstream="orders",backend="a"} 4',
      'backend_sending{upstream="orders",backend="a"} 2',
      'backend_unread{upstream="orders",backend="a"} 4',
    ]);
    expect(await scrape('pool_')).toEqual([
      'pool_connections{upstream="orders",backend="a",state="active"} 6',
      'pool_connections{upstream="orders",backend="a",state="idle"} 4',
      'pool_pending{upstream="orders",backend="a"} 2',
    ]);
    expect(await scrape('client_memory')).toEqual([
      'client_memory_bytes{for="bodies"} 10',
      'client_memory_bytes{for="answers"} 12',
    ]);
  });

  it('show the worst circuit, all of its changes, and the probes of the main thread', async () => {
    const { main, all, workers, scrape } = await setup();
    for (const module of all) {
      const state = module === workers[1] ? 'open' : 'closed';
      module.get(CircuitMetrics).addCircuits(() => [{ upstream: 'orders', backend: 'a', state }]);
      module.get(ProbeMetrics).verdict('orders', 'a', true);
    }
    workers[0]!.get(CircuitMetrics).changed('orders', 'a', 'closed');
    workers[1]!.get(CircuitMetrics).changed('orders', 'a', 'open');
    main.get(ProbeMetrics).probed('orders', 'a', 'healthy');
    expect(await scrape('circuit_state')).toEqual(['circuit_state{upstream="orders",backend="a"} 2']);
    expect(await scrape('circuit_transitions_total')).toEqual([
      'circuit_transitions_total{upstream="orders",backend="a",to="open"} 1',
      'circuit_transitions_total{upstream="orders",backend="a",to="half-open"} 0',
      'circuit_transitions_total{upstream="orders",backend="a",to="closed"} 1',
    ]);
    expect(await scrape('probes_total{upstream="orders",backend="a",result="healthy"}')).toEqual([
      'probes_total{upstream="orders",backend="a",result="healthy"} 1',
    ]);
    expect(await scrape('backend_healthy')).toEqual(['backend_healthy{upstream="orders",backend="a"} 1']);
  });

  it('show the last attempts on a backend that is gone, though threads drop them at different times', async () => {
    const { all, workers, scrape, merged } = await setup();
    let ids = ['a', 'b'];
    for (const module of all) {
      module
        .get(MetricsSources)
        .addBackends(() => ids.map(id => ({ upstream: 'orders', backend: { id, inFlight: 0 }, available: true })));
    }
    const ofB = 'attempts_total{upstream="orders",backend="b",outcome="success"}';
    for (const worker of workers) worker.get(AttemptMetrics).attempt('orders', 'b', 'success', 1);
    expect(await scrape(ofB)).toEqual([`${ofB} 2`]);
    workers[0]!.get(AttemptMetrics).attempt('orders', 'b', 'success', 1);
    ids = ['a'];
    expect(await scrape(ofB)).toEqual([`${ofB} 3`]);
    await merged.metrics();
    expect(await scrape(ofB)).toEqual([]);
  });
});
