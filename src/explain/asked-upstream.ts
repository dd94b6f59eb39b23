import { formatDuration } from '../config/language/kinds/duration.js';
import type { GatewayError } from '../http/gateway-error.js';
import type { Exchange } from '../proxy/exchange.js';
import type { ForwardRoute } from '../proxy/plan/forward-route.js';
import { queueFull } from '../proxy/plan/refusals.js';
import type { RetryPolicy } from '../proxy/plan/retry-policy.js';
import type { Target } from '../proxy/target/target.js';
import type { BackendControl } from '../upstream/control/backend-control.js';
import type { Veto } from '../upstream/backend.js';
import type { LiveBackend, VetoHolder } from '../upstream/live-backend.js';
import type { BackendView, UpstreamView, VetoView } from './explanation.js';

/** Where a request would go. */
export interface ForeseenUpstream {
  readonly view: UpstreamView;
  /** Those on which the first attempt may be made; empty: there is none. */
  readonly among: readonly LiveBackend[];
  /** What the upstream ends with when there is none. */
  readonly error: GatewayError | undefined;
}

/** Looks for the backends of a request as a delivery does, without taking a place, a turn or a trial. */
export function foreseeUpstream(
  exchange: Exchange,
  route: ForwardRoute,
  control: Pick<BackendControl, 'of'>,
): ForeseenUpstream {
  const { target } = route;
  const { upstream } = target;
  const candidates = target.candidates([]);
  const pick = candidates.length === 0 ? undefined : target.foresee(candidates, exchange);
  const among = (pick?.among ?? []) as readonly LiveBackend[];
  const waits = among.length > 0 && !among.some(backend => target.gate(backend).hasRoom);
  const isTurnedAway = waits && !among.some(backend => target.gate(backend).mayWait);
  const error = among.length === 0 ? target.unavailable() : isTurnedAway ? queueFull('the queue is full') : undefined;
  const { name, panicking, strategy } = upstream;
  return {
    view: {
      name,
      strategy,
      pick: pickWords(strategy, among, pick?.bySticky === true, waits),
      panicking,
      backends: [...upstream.backends, ...upstream.leaving].map(backend =>
        viewOf(backend, target, among.includes(backend), control),
      ),
      timeouts: timeoutsOf(route),
      retries: retryWords(route.retries, exchange.method),
      fallback: fallbackWords(route),
    },
    among,
    error,
  };
}

function pickWords(strategy: string, among: readonly LiveBackend[], bySticky: boolean, waits: boolean): string {
  const [first, ...others] = among.map(({ id }) => id);
  if (first === undefined) return 'no backend can take the request now';
  const which =
    others.length > 0
      ? `${strategy}: one of ${[first, ...others].join(', ')}`
      : `${bySticky ? 'sticky cookie' : strategy}: ${first}`;
  return waits ? `${which}; it waits for a place` : which;
}

function viewOf(
  backend: LiveBackend,
  target: Target,
  mayBePicked: boolean,
  control: Pick<BackendControl, 'of'>,
): BackendView {
  const gate = target.gate(backend);
  const { backup, id, inFlight, load, socketPath, url, weight } = backend;
  return {
    id,
    url: socketPath === undefined ? url.origin : `unix:${socketPath}`,
    weight,
    backup,
    inFlight,
    places: `${load.taken}/${gate.max}`,
    waiting: gate.waiting,
    circuit: circuitWords(backend, target),
    vetoes: backend.holders.map(each => vetoOf(each, backend, target, control)),
    mayBePicked,
  };
}

function circuitWords(backend: LiveBackend, target: Target): string {
  // One that has left has no breaker any more.
  if (!target.upstream.backends.includes(backend)) return 'none';
  const { retryIn, state } = target.breaker(backend);
  if (state !== 'open') return state;
  return retryIn === Infinity ? 'open, by hand' : `open, half-open in ${formatDuration(Math.ceil(retryIn))}`;
}

interface HeldVeto {
  readonly veto: Veto;
  readonly holder: VetoHolder;
  readonly reason: string | undefined;
}

const parts: Readonly<Record<Veto, string>> = {
  unhealthy: 'health check',
  'circuit-open': 'circuit breaker',
  draining: 'gateway',
  removed: 'configuration',
};

function vetoOf(
  { holder, reason, veto }: HeldVeto,
  backend: LiveBackend,
  target: Target,
  control: Pick<BackendControl, 'of'>,
): VetoView {
  const by = holder === 'hand' ? 'operator' : holder === 'removal' ? 'configuration' : parts[veto];
  return { veto, by, reason, until: endOf(holder, veto, backend, target, control) };
}

function endOf(
  holder: VetoHolder,
  veto: Veto,
  backend: LiveBackend,
  target: Target,
  control: Pick<BackendControl, 'of'>,
): string | undefined {
  const { backends, name } = target.upstream;
  if (holder === 'hand') {
    const until = control.of(name, backend.id)?.drained?.until;
    return until === undefined ? undefined : new Date(until).toISOString();
  }
  if (veto !== 'circuit-open' || !backends.includes(backend)) return undefined;
  const { retryIn } = target.breaker(backend);
  return retryIn > 0 && retryIn < Infinity ? new Date(Date.now() + retryIn).toISOString() : undefined;
}

function timeoutsOf({ target, timeouts }: ForwardRoute): UpstreamView['timeouts'] {
  const { connect, idle, response } = timeouts;
  const shown = (time: number): string => (time === 0 ? 'off' : formatDuration(time));
  return { connect: shown(connect || target.connectTimeout), response: shown(response), idle: shown(idle) };
}

function retryWords(retries: RetryPolicy, method: string): string {
  const { attempts, budget, hedgeAfter, on, tryTimeout } = retries.settings;
  const hedge =
    hedgeAfter === 0 ? '' : `; hedged after ${hedgeAfter === 'p95' ? hedgeAfter : formatDuration(hedgeAfter)}`;
  if (attempts === 0) return `off${hedge}`;
  const repeats = retries.repeats(method) ? `${method} may be sent twice` : `${method} only where nothing was sent`;
  const each = tryTimeout === 0 ? '' : `; ${formatDuration(tryTimeout)} for each`;
  return `up to ${attempts} more on ${on.join(', ')}; ${repeats}; budget ${budget * 100}%${each}${hedge}`;
}

function fallbackWords({ fallback }: ForwardRoute): string {
  if (fallback === undefined) return 'none';
  return fallback.kind === 'upstream' ? `upstream ${fallback.route.target.upstream.name}` : 'a response';
}
