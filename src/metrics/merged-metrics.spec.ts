import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { Counter, Gauge, Histogram, Registry, type Aggregator } from 'prom-client';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ThreadMetrics } from './aggregate.js';
import { MergedMetrics, type MergeSettings, type MetricsThread } from './merged-metrics.js';

/** The metrics of one thread, with traffic in it. `read` gives a copy, as a message from another thread does. */
class Thread implements MetricsThread {
  readonly registry = new Registry();
  readonly requests = this.counter('requests_total', ['route', 'status']);
  readonly attempts = this.counter('attempts_total', ['upstream', 'backend']);
  readonly open = this.gauge('connections_open', 'sum');
  readonly durations = new Histogram({
    name: 'duration_seconds',
    help: 'Durations.',
    labelNames: ['route'],
    buckets: [0.1, 1],
    registers: [this.registry],
  });
  readings = 0;

  constructor(readonly id: number) {}

  async read(): Promise<ThreadMetrics> {
    this.readings++;
    return structuredClone(await this.registry.getMetricsAsJSON());
  }

  counter(name: string, labelNames: string[], aggregator: Aggregator = 'sum'): Counter {
    return new Counter({ name, help: `Help of ${name}.`, labelNames, aggregator, registers: [this.registry] });
  }

  gauge(name: string, aggregator: Aggregator, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help: `Help of ${name}.`, labelNames, aggregator, registers: [this.registry] });
  }

  request(route = 'orders', status = '200'): void {
    this.requests.inc({ route, status });
    this.durations.observe({ route }, 0.5);
  }
}

function setup(settings?: MergeSettings) {
  const [main, ...threads] = [new Thread(0), new Thread(1), new Thread(2)] as const;
  const running: MetricsThread[] = [...threads];
  const merged = new MergedMetrics(main.registry, () => running, settings);
  return {
    main,
    threads,
    running,
    merged,
    /** The series whose line begins with `name`. */
    scrape: async (name: string): Promise<string[]> => {
      const lines = (await merged.metrics()).split('\n');
      return lines.filter(line => line.startsWith(name));
    },
    /** Ends a thread, as the death of a worker does. */
    end: (id: number, last?: ThreadMetrics): void => {
      running.splice(
        running.findIndex(thread => thread.id === id),
        1,
      );
      merged.ended(id, last);
    },
  };
}

const never = (): Promise<never> => new Promise(() => undefined);

afterEach(() => void vi.useRealTimers());

describe('the metrics of several threads', () => {
  it('look like those of one: in order, with help and type', async () => {
    const { main, threads, merged } = setup();
    main.request();
    const alone = await main.registry.metrics();
    expect(await merged.metrics()).toBe(alone);
    for (const thread of threads) thread.request();
    expect(await merged.metrics()).toBe(alone.replace(/^(\w.*) ([\d.]+)$/gm, (_, name, n) => `${name} ${+n * 3}`));
  });

  it('add up what each thread counts, also what only some of them have', async () => {
    const { threads, scrape } = setup();
    const [one, two] = threads;
    one.request();
    two.request();
    two.request('orders', '502');
    two.open.set(4);
    one.open.set(3);
    two.counter('only_here_total', []).inc(7);
    expect(await scrape('requests_total')).toEqual([
      'requests_total{route="orders",status="200"} 2',
      'requests_total{route="orders",status="502"} 1',
    ]);
    expect(await scrape('connections_open')).toEqual(['connections_open 7']);
    expect(await scrape('only_here_total')).toEqual(['only_here_total 7']);
    expect(await scrape('duration_seconds')).toEqual([
      'duration_seconds_bucket{le="0.1",route="orders"} 0',
      'duration_seconds_bucket{le="1",route="orders"} 3',
      'duration_seconds_bucket{le="+Inf",route="orders"} 3',
      'duration_seconds_sum{route="orders"} 1.5',
      'duration_seconds_count{route="orders"} 3',
    ]);
  });

  it('are one series when threads name the labels in another order', async () => {
    const { threads, scrape } = setup();
    threads[0].requests.inc({ route: 'a', status: '200' });
    threads[1].requests.inc({ status: '200', route: 'a' });
    expect(await scrape('requests_total')).toEqual(['requests_total{route="a",status="200"} 2']);
  });

  it.each<[Aggregator, number]>([
    ['sum', 12],
    ['min', 1],
    ['max', 6],
    ['average', 4],
    ['first', 5],
    ['omit', 5],
  ])('are merged as their aggregator says: %s of 5, 1 and 6 is %d', async (aggregator, expected) => {
    const { main, threads, scrape } = setup();
    for (const [index, thread] of [main, ...threads].entries()) {
      thread.gauge('value', aggregator).set([5, 1, 6][index]!);
    }
    expect(await scrape('value')).toEqual([`value ${expected}`]);
  });

  it('are those of the main thread alone where others are to be omitted', async () => {
    const { main, threads, scrape } = setup();
    main.gauge('started', 'omit', ['thread']).set({ thread: 'main' }, 1);
    threads[0].gauge('started', 'omit', ['thread']).set({ thread: '1' }, 2);
    expect(await scrape('started')).toEqual(['started{thread="main"} 1']);
  });

  it('are read once for scrapes at the same time, and anew for the next', async () => {
    const { main, threads, merged } = setup();
    let readings = 0;
    new Gauge({ name: 'read', help: '-', registers: [main.registry], collect: () => void readings++ });
    const [first, second] = await Promise.all([merged.metrics(), merged.metrics()]);
    expect(first).toBe(second);
    expect([readings, threads[0].readings]).toEqual([1, 1]);
    threads[0].request();
    expect(await merged.metrics()).not.toBe(first);
    expect([readings, threads[0].readings]).toEqual([2, 2]);
  });
});

describe('a thread that does not answer', () => {
  it('is shown with its last values, and with its new ones once they have come', async () => {
    const { threads, running, scrape } = setup({ patience: 5 });
    const [slow] = threads;
    slow.request();
    await scrape('');
    let answer = (_: ThreadMetrics): void => undefined;
    running[0] = { id: slow.id, read: () => new Promise(resolve => (answer = resolve)) };
    slow.request();
    expect(await scrape('requests_total')).toEqual(['requests_total{route="orders",status="200"} 1']);
    answer(await slow.read());
    running[0] = { id: slow.id, read: never };
    expect(await scrape('requests_total')).toEqual(['requests_total{route="orders",status="200"} 2']);
  });

  it('is not asked again while its answer is awaited', async () => {
    const { running, merged } = setup({ patience: 5 });
    const read = vi.fn(never);
    running[0] = { id: 1, read };
    await merged.metrics();
    await merged.remember();
    await merged.metrics();
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('is shown with its last values when it fails', async () => {
    const { threads, running, scrape } = setup();
    threads[0].request();
    await scrape('');
    running[0] = { id: 1, read: () => Promise.reject(new Error('it has ended')) };
    expect(await scrape('requests_total')).toEqual(['requests_total{route="orders",status="200"} 1']);
  });

  it('does not hold up scrapes when it is stuck in a loop', async () => {
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       parentPort.once('message', port => {
         port.postMessage([{ name: 'work_total', help: '-', type: 'counter', aggregator: 'sum', values: [{ labels: {}, value: 3 }] }]);
         for (;;);
       });`,
      { eval: true },
    );
    onTestFinished(async () => void (await worker.terminate()));
    const { running, scrape } = setup({ patience: 20 });
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port1.close());
    const ask = async (port: MessagePort): Promise<ThreadMetrics> => {
      const answer = once(port, 'message');
      port.postMessage('metrics');
      return (await answer)[0];
    };
    worker.postMessage(port2, [port2]);
    running.push({ id: 3, read: () => ask(port1) });
    await vi.waitFor(async () => expect(await scrape('work_total')).toEqual(['work_total 3']));
    expect(await scrape('work_total')).toEqual(['work_total 3']);
  });
});

describe('a thread that has ended', () => {
  it('leaves its counts and durations behind, and no gauge', async () => {
    const { threads, running, scrape, end } = setup();
    for (const thread of threads) {
      thread.request();
      thread.open.set(1);
    }
    const before = await scrape('duration_seconds');
    end(1);
    expect(await scrape('requests_total')).toEqual(['requests_total{route="orders",status="200"} 2']);
    expect(await scrape('duration_seconds')).toEqual(before);
    expect(await scrape('connections_open')).toEqual(['connections_open 1']);

    const next = new Thread(1);
    running.push(next);
    next.request();
    expect(await scrape('requests_total')).toEqual(['requests_total{route="orders",status="200"} 3']);
    end(1);
    end(2);
    expect(await scrape('requests_total')).toEqual(['requests_total{route="orders",status="200"} 3']);
  });

  it('has lost only what it has counted since it was read last', async () => {
    const { threads, merged, scrape, end } = setup();
    threads[0].request();
    await merged.remember();
    threads[0].request();
    end(1);
    expect(await scrape('requests_total')).toEqual(['requests_total{route="orders",status="200"} 1']);
  });

  it('has lost nothing when it could say its last values', async () => {
    const { threads, merged, scrape, end } = setup();
    threads[0].request();
    await merged.remember();
    threads[0].request();
    end(1, await threads[0].read());
    expect(await scrape('requests_total')).toEqual(['requests_total{route="orders",status="200"} 2']);
  });

  it('is not counted twice when it still answers', async () => {
    const { threads, merged, scrape, end } = setup();
    const labels = { upstream: 'orders', backend: 'a' };
    threads[0].attempts.inc(labels);
    await merged.remember();
    let answer = (): void => undefined;
    const late = new Promise<void>(resolve => (answer = resolve));
    vi.spyOn(threads[0], 'read').mockImplementation(async () =>
      late.then(() => threads[0].registry.getMetricsAsJSON()),
    );
    const scraped = scrape('attempts_total');
    end(1);
    threads[0].attempts.remove(labels);
    answer();
    const once = ['attempts_total{upstream="orders",backend="a"} 1'];
    expect(await scraped).toEqual(once);
    expect(await scrape('attempts_total')).toEqual(once);
  });

  it('leaves no count behind of which each thread sees the total', async () => {
    const { main, threads, scrape, end } = setup();
    main.counter('reloads_total', [], 'max').inc(2);
    for (const thread of threads) thread.counter('reloads_total', [], 'max').inc(2);
    await scrape('');
    end(1);
    end(2);
    expect(await scrape('reloads_total')).toEqual(['reloads_total 2']);
  });

  it('may end before it was ever read', async () => {
    const { scrape, end } = setup();
    end(1);
    expect(await scrape('connections_open')).toEqual(['connections_open 0']);
  });
});

describe('the counts of a backend that is gone', () => {
  const b = { upstream: 'orders', backend: 'b' };
  const ofB = 'attempts_total{upstream="orders",backend="b"}';

  it('do not go down when one thread drops them before the others, and disappear after a scrape when all have', async () => {
    const { main, threads, scrape } = setup();
    main.gauge('backend_available', 'min', ['upstream', 'backend']).set({ upstream: 'orders', backend: 'a' }, 1);
    for (const { attempts } of threads) attempts.inc(b);
    expect(await scrape(ofB)).toEqual([`${ofB} 2`]);
    threads[0].attempts.remove(b);
    for (let n = 0; n < 3; n++) expect(await scrape(ofB)).toEqual([`${ofB} 2`]);
    threads[1].attempts.remove(b);
    expect(await scrape(ofB)).toEqual([`${ofB} 2`]);
    expect(await scrape(ofB)).toEqual([]);
  });
});

describe('reading threads so that a crash loses little', () => {
  it('takes one part in a hundred of the time of a thread, and comes every 15 seconds at least', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { threads, running, merged } = setup();
    let cost = 10;
    const read = vi.fn(async () => {
      await nextTurn();
      vi.advanceTimersByTime(cost);
      return [];
    });
    running.splice(0, 2, { id: 1, read });
    const readingsIn = async (seconds: number): Promise<number> => {
      const before = read.mock.calls.length;
      for (let n = 0; n < seconds; n++) {
        await merged.remember();
        vi.advanceTimersByTime(1_000);
      }
      return read.mock.calls.length - before;
    };
    expect(await readingsIn(10)).toBe(10);
    cost = 100;
    expect(await readingsIn(100)).toBeLessThanOrEqual(11);
    cost = 1_000;
    expect(await readingsIn(150)).toBeGreaterThanOrEqual(9);
    expect(threads[0].readings).toBe(0);
  });
});
