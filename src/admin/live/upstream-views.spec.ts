import { pino } from 'pino';
import { expect, it } from 'vitest';
import { buildConfig } from '../../config/loading/load-config.js';
import { BackendControl } from '../../upstream/control/backend-control.js';
import { ControlLog } from '../../upstream/control/control-log.js';
import { Upstreams } from '../../upstream/upstreams.js';
import type { CircuitReport, ThreadReport } from './thread-report.js';
import { upstreamViews } from './upstream-views.js';

const now = Date.UTC(2026, 0, 31, 12);
const backends = ['a', 'b'].map(id => ({ id, url: `http://${id}.test` }));

function setUp() {
  const config = buildConfig({
    upstreams: { app: { backends }, plain: { backends, circuitBreaker: { enabled: false } } },
    routes: [],
  });
  const upstreams = new Upstreams(config.upstreams);
  const control = new BackendControl(upstreams, new ControlLog(pino({ enabled: false })));
  const sources = { config: () => config, control, lastProbe: () => undefined, upstreams: () => upstreams };
  return {
    control,
    /** The views by what the threads say: the main thread first. */
    views: (...reports: Partial<ThreadReport>[]) => {
      const nothing = { attempts: { names: [], rows: new Uint32Array() }, backends: [], circuits: [] };
      const all = reports.map((report, thread) => ({ thread, report: { ...nothing, ...report } as ThreadReport }));
      return upstreamViews(sources, { reports: all, missing: [] }, now);
    },
  };
}

const circuit = (state: 'open' | 'half-open', retryIn: number): CircuitReport => {
  return { upstream: 'app', backend: 'a', state, retryIn };
};

it('shows of the circuits of several threads the worst, and when the first of them tries', () => {
  const { views } = setUp();
  const [app, plain] = views(
    {},
    { circuits: [circuit('half-open', 0)] },
    { circuits: [circuit('open', 7_000.4)] },
    { circuits: [circuit('open', 9_000)] },
  );
  expect(app!.backends.map(({ breaker }) => breaker)).toEqual([{ state: 'open', retryIn: 7_001 }, { state: 'closed' }]);
  expect(plain!.backends[0]!.breaker).toEqual({ state: 'disabled' });
});

it('leaves out what the main thread thinks of circuits where workers carry the traffic', () => {
  const { views } = setUp();
  expect(views({ circuits: [circuit('half-open', 0)] }, {})[0]!.backends[0]!.breaker).toEqual({ state: 'closed' });
  expect(views({ circuits: [circuit('open', Infinity)] })[0]!.backends[0]!.breaker).toEqual({ state: 'open' });
});

it('adds up the connections of all threads', () => {
  const { views } = setUp();
  const some = { upstream: 'app', backend: 'b', active: 1, idle: 2, waiting: 3 };
  const [app] = views({}, { backends: [some] }, { backends: [some] });
  expect(app!.backends.map(({ connections }) => connections)).toEqual([undefined, { active: 2, idle: 4, waiting: 6 }]);
});

it('shows what is set by hand, why a backend is out, and until when', () => {
  const { control, views } = setUp();
  control.drain('app', 'a');
  control.weight('app', 'b', 5);
  control.openCircuit('app', 'b', { for: 60_000 });
  const [a, b] = views({})[0]!.backends;
  expect(a).toMatchObject({
    available: false,
    vetoes: ['draining'],
    reasons: { draining: 'by hand' },
    byHand: { drained: {} },
  });
  expect(b).toMatchObject({
    weight: 5,
    configuredWeight: 1,
    byHand: { weight: { value: 5 }, breaker: { state: 'open' } },
  });
  expect(b!.byHand!.breaker!.until).toMatch(/^20\d\d-/);
});
