import { expect, it } from 'vitest';
import { Beats } from '../../metrics/recent/beats.js';
import { RecentTraffic, type NamedRows } from '../../metrics/recent/recent-traffic.js';
import { RecentWindow, rowWidth } from '../../metrics/recent/recent-window.js';
import type { ThreadReport } from './thread-report.js';
import { limitViews, routeTraffic, trafficView } from './traffic-views.js';

const noon = Date.UTC(2026, 0, 31, 12);

/** Rows in which so many have ended with a status and a duration, by their names. */
function rows<Name>(...all: readonly [Name, number, number?, number?][]): NamedRows<Name> {
  const sums = new Uint32Array(all.length * rowWidth);
  all.forEach(([, count, status = 200, duration = 10], index) => {
    const window = new RecentWindow({ now: 1 }, 1);
    for (let n = 0; n < count; n++) window.record(status, status >= 500, duration);
    window.addTo(sums, index * rowWidth);
  });
  return { names: all.map(([name]) => name), rows: sums };
}

function report(changes: Partial<ThreadReport> = {}): ThreadReport {
  const { byError, byRoute, bySecond } = new RecentTraffic(new Beats());
  return { inFlight: 1, seconds: bySecond, routes: byRoute, errors: byError, backends: [], ...changes } as ThreadReport;
}

it('adds up what the threads have carried in each of the last sixty whole seconds', () => {
  const now = noon / 1_000;
  const threads = [
    report({ seconds: rows([now - 1, 3], [now - 60, 1], [now - 61, 100], [now, 50]) }),
    report({ seconds: rows([now - 1, 1, 503, 2_000]) }),
  ];
  const view = trafficView(threads, noon + 400);
  expect(view.seconds).toHaveLength(60);
  expect(view.seconds[0]).toEqual({ ...view.seconds[0], time: '2026-01-31T11:59:00.000Z', requests: 1, failed: 0 });
  expect(view.seconds.at(-1)).toMatchObject({
    time: '2026-01-31T11:59:59.000Z',
    requests: 4,
    failed: 1,
    statuses: { '2xx': 3, '5xx': 1 },
  });
  expect(view.seconds[30]).toMatchObject({ requests: 0, statuses: { '2xx': 0 } });
  expect(view.seconds[30]).not.toHaveProperty('latency');
  expect(view).toMatchObject({ requests: 5, perSecond: 0.083, failed: 1, failedShare: 0.2, inFlight: 2 });
  expect(view.latency!.p50).toBeLessThan(13);
  expect(view.latency!.p99).toBeGreaterThan(1_600);
});

it('puts the busiest routes first', () => {
  const threads = [report({ routes: rows(['calm', 1], ['busy', 2]) }), report({ routes: rows(['busy', 5]) })];
  expect(routeTraffic(threads, noon).map(({ name, requests }) => [name, requests])).toEqual([
    ['busy', 7],
    ['calm', 1],
  ]);
});

it('names the limits at which requests were refused or wait', () => {
  const errors = rows(['DENIED 429 rate-limit', 3], ['DENIED 403 none', 9], ['OVERLOADED 503 none', 1]);
  const waits = { upstream: 'app', backend: 'a', active: 8, idle: 0, waiting: 2 };
  const threads = [
    report({ errors, backends: [waits] }),
    report({ backends: [waits, { ...waits, backend: 'b', waiting: 0 }] }),
  ];
  expect(limitViews(threads)).toEqual([
    { limit: 'security.rateLimit', refused: 3 },
    { limit: 'overload.eventLoopDelay', refused: 1 },
    { limit: 'connections.max', backend: 'app/a', waiting: 4 },
  ]);
});
