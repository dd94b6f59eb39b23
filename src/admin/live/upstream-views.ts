import type { LastProbe } from '../../health/health-monitor.js';
import type { AdminSources } from '../admin-sources.js';
import type { BreakerView, ConnectionsView, ProbeView, UpstreamView } from '../api/views.js';
import { byHandOf, viewOf } from '../backend-view.js';
import type { CircuitReport, ThreadReports } from './thread-report.js';
import { figuresView, sumOf } from './traffic-views.js';

type Sources = Pick<AdminSources, 'config' | 'control' | 'lastProbe' | 'upstreams'>;

/** The upstreams and their backends, with what the threads say of them. `now`: milliseconds since 1970. */
export function upstreamViews(sources: Sources, { reports }: ThreadReports, now: number): UpstreamView[] {
  const { control } = sources;
  const all = reports.map(({ report }) => report);
  const traffic = sumOf(
    all.map(({ attempts }) => attempts),
    ([upstream, backend]) => keyOf(upstream, backend),
  );
  const connections = connectionsOf(all.flatMap(({ backends }) => backends));
  const circuits = worstOf(carriers(reports).flatMap(({ report }) => report.circuits));
  const settings = sources.config().upstreams;
  return Array.from(sources.upstreams(), ({ backends, discoveryFailure, name, panicking, strategy }) => {
    const gone = control.gone(name).map(setting => ({ id: setting.backend, byHand: byHandOf(setting) }));
    const hasBreakers = settings.get(name)?.circuitBreaker.enabled;
    const views = backends.map(backend => {
      const key = keyOf(name, backend.id);
      const [row, probe] = [traffic.get(key), sources.lastProbe(backend)];
      return viewOf(backend, control.of(name, backend.id), {
        ...(hasBreakers !== undefined && { breaker: breakerView(hasBreakers, circuits.get(key)) }),
        ...(probe && { probe: probeView(probe) }),
        ...(connections.has(key) && { connections: connections.get(key) }),
        ...(row && { traffic: figuresView(row, now) }),
      });
    });
    return {
      name,
      strategy,
      ...(panicking === true && { panicking }),
      ...(discoveryFailure !== undefined && { discoveryFailure }),
      backends: views,
      ...(gone.length > 0 && { gone }),
    };
  });
}

/** The threads that carry traffic: workers, where there are any. */
function carriers(reports: ThreadReports['reports']): ThreadReports['reports'] {
  const workers = reports.filter(({ thread }) => thread > 0);
  return workers.length > 0 ? workers : reports;
}

/** The worst state of each circuit, and the soonest time at which one of the threads tries. */
function worstOf(circuits: readonly CircuitReport[]): ReadonlyMap<string, CircuitReport> {
  const worst = new Map<string, CircuitReport>();
  for (const circuit of circuits) {
    const key = keyOf(circuit.upstream, circuit.backend);
    const known = worst.get(key);
    const isWorse = circuit.state === 'open' && (known?.state !== 'open' || circuit.retryIn < known.retryIn);
    if (known === undefined || isWorse) worst.set(key, circuit);
  }
  return worst;
}

function breakerView(isEnabled: boolean, circuit: CircuitReport | undefined): BreakerView {
  if (!isEnabled) return { state: 'disabled' };
  if (circuit === undefined) return { state: 'closed' };
  const { retryIn, state } = circuit;
  return { state, ...(state === 'open' && retryIn !== Infinity && { retryIn: Math.ceil(retryIn) }) };
}

function connectionsOf(
  backends: readonly (ConnectionsView & { readonly upstream: string; readonly backend: string })[],
) {
  const sums = new Map<string, ConnectionsView>();
  for (const { active, backend, idle, upstream, waiting } of backends) {
    const key = keyOf(upstream, backend);
    const sum = sums.get(key) ?? { active: 0, idle: 0, waiting: 0 };
    sums.set(key, { active: sum.active + active, idle: sum.idle + idle, waiting: sum.waiting + waiting });
  }
  return sums;
}

function probeView({ result, time }: LastProbe): ProbeView {
  return {
    time: new Date(time).toISOString(),
    result: result.healthy ? 'healthy' : result.inconclusive === true ? 'inconclusive' : 'unhealthy',
    ...(!result.healthy && { reason: result.reason }),
  };
}

function keyOf(upstream: string, backend: string): string {
  return JSON.stringify([upstream, backend]);
}
