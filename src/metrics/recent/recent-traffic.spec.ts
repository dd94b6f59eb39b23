import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ExchangeRecord } from '../../http/exchange-record.js';
import { GatewayError } from '../../http/gateway-error.js';
import { hasFailed } from '../../http/exchange-failure.js';
import { Beats } from './beats.js';
import { RecentTraffic, type NamedRows } from './recent-traffic.js';
import { figuresOf, rowWidth } from './recent-window.js';

const noon = Date.UTC(2026, 0, 31, 12);
beforeEach(() => void vi.useFakeTimers({ now: noon + 500 }));
afterEach(() => void vi.useRealTimers());

const good = {
  id: 'r-1',
  method: 'GET',
  host: 'shop.example',
  path: '/orders/7',
  headers: { authorization: 'Bearer hunter2' },
  clientIp: '203.0.113.7',
  listener: 'web',
  status: 200,
  attempts: 1,
  backendId: 'a',
  times: { openedAt: 1_000, closedAt: 1_062.5 },
} as unknown as ExchangeRecord;

function setUp() {
  const beats = new Beats();
  beats.begin();
  onTestFinished(() => beats.end());
  const traffic = new RecentTraffic(beats);
  const end = (changes: Partial<ExchangeRecord> = {}, duration = 10): void => {
    const record = { ...good, ...changes };
    traffic.ended(record, hasFailed(record), duration, traffic.route(record.routeName ?? 'none'));
  };
  return { traffic, end };
}

/** What has ended, by the names of the rows. */
function ended<Name>({ names, rows }: NamedRows<Name>): [Name, number][] {
  return names.map((name, index) => [name, figuresOf(rows, index * rowWidth).ended]);
}

describe('the traffic of the last minute', () => {
  it('is counted by the second in which it ends', () => {
    const { end, traffic } = setUp();
    end();
    end();
    vi.advanceTimersByTime(1_000);
    end();
    vi.advanceTimersByTime(3_000);
    end();
    expect(ended(traffic.bySecond).map(([second, count]) => [second - noon / 1_000, count])).toEqual([
      [0, 2],
      [1, 1],
      [4, 1],
    ]);
  });

  it('is forgotten when the minute has passed, and counted anew after that', () => {
    const { end, traffic } = setUp();
    end({ routeName: 'orders' });
    vi.advanceTimersByTime(59_000);
    expect(ended(traffic.bySecond)).toHaveLength(1);
    expect(ended(traffic.byRoute)).toEqual([['orders', 1]]);
    vi.advanceTimersByTime(4_000);
    expect([ended(traffic.bySecond), ended(traffic.byRoute)]).toEqual([[], []]);
    end({ routeName: 'orders' });
    expect([ended(traffic.bySecond).length, ended(traffic.byRoute)]).toEqual([1, [['orders', 1]]]);
  });

  it('has statuses, failures and durations', () => {
    const { end, traffic } = setUp();
    for (let count = 0; count < 97; count++) end();
    end({ status: 404, errorCode: 'NO_ROUTE' });
    for (let count = 0; count < 2; count++) end({ status: 502, errorCode: 'RESET' }, 3_000);
    end({ status: 101 }, -1);
    const { failed, p50, p99, statuses } = figuresOf(traffic.bySecond.rows);
    expect([failed, statuses]).toEqual([2, [1, 97, 0, 1, 2]]);
    expect(p50).toBeLessThan(13);
    expect(p99).toBeGreaterThan(2_000);
  });

  it('is counted for each route, and for each error', () => {
    const { end, traffic } = setUp();
    end({ routeName: 'orders' });
    end({ routeName: 'orders' });
    const error = new GatewayError('DENIED').because('rate-limit', { policy: 'rate-limit' });
    end({ routeName: 'users', status: 429, errorCode: 'DENIED', error });
    end({ routeName: 'users', status: 503, errorCode: 'QUEUE_FULL', errorReason: 'sse.maxConnections' });
    end({ status: 404, errorCode: 'NO_ROUTE' });
    end({ status: 500, errorCode: 'of a plug-in' });
    expect(ended(traffic.byRoute)).toEqual([
      ['orders', 2],
      ['users', 2],
      ['none', 2],
    ]);
    expect(ended(traffic.byError)).toEqual([
      ['DENIED 429 rate-limit', 1],
      ['QUEUE_FULL 503 sse.maxConnections', 1],
      ['NO_ROUTE 404 none', 1],
      ['other 500 none', 1],
    ]);
  });
});

describe('the last failures', () => {
  it('say what failed and why, without field values', () => {
    const { end, traffic } = setUp();
    end();
    end({ status: 502, errorCode: 'RESET', errorReason: 'socket hang up', routeName: 'orders', upstreamName: 'app' });
    const [failure, ...others] = traffic.failures.all;
    expect(others).toEqual([]);
    expect(failure).toMatchObject({
      time: noon + 500,
      fault: 'backend',
      requestId: 'r-1',
      path: '/orders/7',
      status: 502,
      route: 'orders',
      upstream: 'app',
      backend: 'a',
      error: 'RESET',
      reason: 'socket hang up',
      duration: 62.5,
    });
    expect(JSON.stringify(failure)).not.toContain('hunter2');
  });

  it('are a hundred, and are not pushed out by refusals', () => {
    const { end, traffic } = setUp();
    for (let count = 0; count < 150; count++) end({ id: `f-${count}`, status: 503, errorCode: 'NO_BACKEND' });
    for (let count = 0; count < 500; count++) end({ id: `d-${count}`, status: 403, errorCode: 'DENIED' });
    const ids = traffic.failures.all.map(({ requestId }) => requestId);
    expect([ids.length, ids.includes('f-49'), ids.includes('f-50'), ids.includes('d-499')]).toEqual([
      200,
      false,
      true,
      true,
    ]);
  });

  it("tell a backend's own error from those of the gateway and the client", () => {
    const { end, traffic } = setUp();
    end({ status: 500 });
    end({ status: 503, backendId: undefined });
    end({ status: 503, errorCode: 'OVERLOADED' });
    end({ status: 413, errorCode: 'BODY_TOO_LARGE', path: `/${'a'.repeat(10_000)}` });
    expect(traffic.failures.all.map(({ fault }) => fault)).toEqual(['backend', 'gateway', 'gateway', 'client']);
    expect(traffic.failures.all[0]!.reason).toBe('the backend answered 500');
    expect(traffic.failures.all[3]!.path.length).toBeLessThan(600);
  });
});
