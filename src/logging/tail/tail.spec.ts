import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { exchangeRecord } from '../../../test/support/exchange-record.js';
import type { ExchangeRecord } from '../../http/exchange-record.js';
import type { TailFilter } from './tail-filter.js';
import { Tail, type TailBatch } from './tail.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ordinary = exchangeRecord({ headers: { authorization: 'Bearer hunter2' }, upstreamName: 'app' });

/** A tail with a watcher, which takes each batch at once unless `isSlow`. */
function setUp(filter: TailFilter = {}, isSlow = false) {
  const tail = new Tail();
  const batches: TailBatch[] = [];
  const waiting: (() => void)[] = [];
  tail.watch(1, filter, (batch, next) => {
    batches.push(batch);
    if (isSlow) waiting.push(next);
    else next();
  });
  return {
    tail,
    batches,
    next: () => waiting.shift()!(),
    end: (changes: Partial<ExchangeRecord> = {}) => tail.closed({ ...ordinary, ...changes }),
    /** The request ids of all lines so far. */
    seen: () => {
      vi.advanceTimersByTime(1_000);
      return batches.flatMap(({ lines }) => lines.map(line => (JSON.parse(line) as { requestId: string }).requestId));
    },
  };
}

describe('the tail', () => {
  it('shows the access line of each exchange, without the values of fields', () => {
    const { batches, end } = setUp();
    end();
    vi.advanceTimersByTime(50);
    const [line] = batches[0]!.lines;
    expect(JSON.parse(line!)).toMatchObject({
      requestId: 'r-1',
      method: 'GET',
      path: '/orders/7',
      status: 200,
      route: 'orders',
      ms: { total: 62.5 },
    });
    expect(line).not.toContain('hunter2');
  });

  it('knows when it is watched, so that exchanges need not be told of when it is not', () => {
    const { tail } = setUp();
    expect([new Tail().isWatched, tail.isWatched]).toEqual([false, true]);
    tail.unwatch(1);
    expect(tail.isWatched).toBe(false);
  });

  it.each<[string, TailFilter]>([
    ['a route', { routes: ['orders', 'users'] }],
    ['what has no route', { routes: ['none'] }],
    ['an upstream and a backend', { upstream: 'app', backend: 'b' }],
    [
      'statuses',
      {
        statuses: [
          [404, 404],
          [500, 599],
        ],
      },
    ],
    ['what is slow', { slowerThan: 200 }],
    ['clients', { client: '10.0.0.0/8' }],
    ['all of these at once', { routes: ['orders'], statuses: [[200, 299]], client: '203.0.113.7' }],
  ])('shows only %s to a watcher that asks for that', (_, filter) => {
    const { end, seen } = setUp(filter);
    end();
    end({ id: 'no route', routeName: undefined });
    end({ id: 'b', backendId: 'b', routeName: 'others' });
    end({ id: '404', status: 404, routeName: 'others' });
    end({ id: '503', status: 503, routeName: 'others' });
    end({ id: 'slow', times: { ...ordinary.times, closedAt: 1_300 }, routeName: 'others' });
    end({ id: 'ten', clientIp: '10.1.2.3', routeName: 'others' });
    const expected: Readonly<Record<string, string[]>> = {
      'a route': ['r-1'],
      'what has no route': ['no route'],
      'an upstream and a backend': ['b'],
      statuses: ['404', '503'],
      'what is slow': ['slow'],
      clients: ['ten'],
      'all of these at once': ['r-1'],
    };
    expect(seen()).toEqual(expected[_]);
  });

  it('holds a bounded number of lines for a slow watcher, drops what is more, and says how many', () => {
    const { batches, end, next } = setUp({}, true);
    end();
    vi.advanceTimersByTime(50);
    for (let count = 0; count < 700; count++) end();
    vi.advanceTimersByTime(10_000);
    expect(batches).toHaveLength(1);
    next();
    vi.advanceTimersByTime(50);
    expect(batches.map(({ dropped, lines }) => [lines.length, dropped])).toEqual([
      [1, 0],
      [500, 200],
    ]);
    next();
    end();
    vi.advanceTimersByTime(50);
    expect(batches[2]).toMatchObject({ dropped: 0, lines: { length: 1 } });
  });

  it('shows nothing more to a watcher that has left', () => {
    const { batches, end, tail } = setUp();
    end();
    tail.unwatch(1);
    vi.advanceTimersByTime(1_000);
    expect([batches, vi.getTimerCount()]).toEqual([[], 0]);
  });
});
