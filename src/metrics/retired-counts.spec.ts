import { Counter, Gauge, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ThreadMetrics } from './aggregate.js';
import { RetiredCounts } from './retired-counts.js';

/** What a thread shows: attempts on backends of the upstream `orders`, by their ids. */
async function thread(attempts: Readonly<Record<string, number>>): Promise<ThreadMetrics> {
  const registers = [new Registry()];
  const labelNames = ['upstream', 'backend'];
  const counter = new Counter({ name: 'attempts_total', help: '-', labelNames, registers });
  for (const [backend, count] of Object.entries(attempts)) counter.inc({ upstream: 'orders', backend }, count);
  new Counter({ name: 'requests_total', help: '-', labelNames: ['route'], registers }).inc({ route: 'orders' }, 9);
  new Gauge({ name: 'open', help: '-', registers }).set(1);
  return structuredClone(await registers[0]!.getMetricsAsJSON());
}

/** The counts at a scrape, by the ids of backends and the names of routes. */
function scrape(retired: RetiredCounts, ...living: ThreadMetrics[]): Readonly<Record<string, number>> {
  const samples = retired.show(living).flatMap(({ values }) => values);
  return Object.fromEntries(samples.map(({ labels, value }) => [labels['backend'] ?? labels['route'], value]));
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the counts of threads that have ended', () => {
  it('are one series for each combination of labels, however many threads have ended', async () => {
    const retired = new RetiredCounts();
    for (let n = 0; n < 3; n++) retired.retire(await thread({ a: 2, b: 1 }));
    expect(scrape(retired, await thread({ a: 1, b: 1 }))).toEqual({ a: 6, b: 3, orders: 27 });
  });

  it('are kept while a living thread shows the backend, and for good when they are of no backend', async () => {
    const retired = new RetiredCounts();
    retired.retire(await thread({ a: 2, b: 1 }));
    const living = await thread({ a: 0 });
    expect(scrape(retired, living)).toEqual({ a: 2, b: 1, orders: 9 });
    expect(scrape(retired, living)).toEqual({ a: 2, orders: 9 });
    expect(scrape(retired, living)).toEqual({ a: 2, orders: 9 });
  });

  it('are kept while no thread shows any backend: it is not known then which there are', async () => {
    const retired = new RetiredCounts();
    retired.retire(await thread({ a: 2 }));
    for (let n = 0; n < 3; n++) expect(scrape(retired, await thread({}))).toEqual({ a: 2, orders: 9 });
  });
});

describe('the counts of backends that a living thread has dropped', () => {
  it('are scraped once, also when the thread was read several times since', async () => {
    const retired = new RetiredCounts();
    const living = await thread({ a: 1 });
    retired.retireLost(await thread({ a: 1, b: 5 }), living);
    retired.retireLost(living, living);
    retired.dropUnseen([living]);
    expect(scrape(retired, living)).toEqual({ b: 5 });
    expect(scrape(retired, living)).toEqual({});
  });

  it('are scraped once more, as their sum, when another thread drops them later', async () => {
    const retired = new RetiredCounts();
    const before = await thread({ a: 1, b: 5 });
    const living = await thread({ a: 1 });
    retired.retireLost(before, living);
    scrape(retired, living);
    scrape(retired, before);
    retired.retireLost(before, living);
    expect(scrape(retired, living)).toEqual({ b: 10 });
  });

  it('are kept when the backend has come back between two readings, and its count began anew', async () => {
    const retired = new RetiredCounts();
    const living = await thread({ a: 1, b: 2 });
    retired.retireLost(await thread({ a: 1, b: 5 }), living);
    expect(scrape(retired, living)).toEqual({ b: 5 });
    expect(scrape(retired, living)).toEqual({ b: 5 });
  });

  it('are dropped after five minutes when no scrape comes, so that nothing grows for months', async () => {
    const retired = new RetiredCounts();
    const living = await thread({ a: 1 });
    retired.retireLost(await thread({ a: 1, b: 5 }), living);
    vi.advanceTimersByTime(5 * 60_000);
    retired.dropUnseen([living]);
    retired.retireLost(await thread({ a: 1, c: 7 }), living);
    vi.advanceTimersByTime(60_000);
    retired.dropUnseen([living]);
    expect(scrape(retired, living)).toEqual({ c: 7 });
  });
});
