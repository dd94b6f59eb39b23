import type { CircuitBreaker } from '../../circuit-breaker/circuit-breaker.js';
import type { CircuitBreakers } from '../../circuit-breaker/circuit-breakers.js';
import { GatewayError } from '../../http/gateway-error.js';
import type { RequestInfo } from '../../http/request-info.js';
import type { ForeseenPick, LoadBalancer } from '../../load-balancer/load-balancer.js';
import type { AttemptMetrics } from '../../metrics/attempt-metrics.js';
import type { Backend, Candidates, Outcome } from '../../upstream/backend.js';
import type { LiveBackend } from '../../upstream/live-backend.js';
import type { Upstream } from '../../upstream/upstream.js';
import type { VerdictRules } from './backend-verdict.js';
import type { ClientTie } from '../client/client-tie.js';
import { ConnectionGate, type GateLimits } from './connection-gate.js';
import type { Forwarder } from '../forwarder/forwarder.js';
import { LatencyWindow } from './latency-window.js';
import { RetryBudget } from './retry-budget.js';

/** What a target is made of. */
interface TargetParts {
  readonly upstream: Upstream;
  readonly balancer: LoadBalancer;
  readonly forwarder: Forwarder;
  readonly breakers: CircuitBreakers;
  readonly verdicts: VerdictRules;
  /** `preserve`, `backend`, or the literal to send. */
  readonly hostHeader: string;
  readonly limits: GateLimits;
  /** Milliseconds: the limit of its connection pools. */
  readonly connectTimeout: number;
  /** A client must not leave the backend that its cookie names only because that one is busy. */
  readonly sticky: boolean;
  readonly metrics: AttemptMetrics;
}

/** The request that a backend is picked for. */
interface PickedFor extends RequestInfo {
  readonly tie: ClientTie | undefined;
}

/** How an attempt holds its place: its client is still sending, or has sent all, or it lasts and has given the place back. */
export type HeldPlace = 'sending' | 'whole' | 'lasting';

/**
 * An upstream with all that it takes to send requests to it: its balancer, its forwarder, the gates and breakers of its
 * backends, its retry budget.
 */
export class Target {
  readonly upstream: Upstream;
  readonly forwarder: Forwarder;
  readonly verdicts: VerdictRules;
  readonly hostHeader: string;
  readonly connectTimeout: number;
  readonly balancer: LoadBalancer;
  readonly budget: RetryBudget;
  #latencies: LatencyWindow | undefined;
  /** By backend; another target of the upstream has the same gates. */
  readonly #gates: WeakMap<LiveBackend, ConnectionGate>;
  #circuits = new WeakMap<LiveBackend, CircuitBreaker>();
  readonly #breakers: CircuitBreakers;
  readonly #limits: GateLimits;
  readonly #metrics: AttemptMetrics;
  readonly #sticky: boolean;
  /** The backends that know tied clients. */
  readonly #ties: WeakMap<ClientTie, LiveBackend>;
  #unwatch: (() => void) | undefined;
  /** Backends to which there may be connections. */
  #known: readonly LiveBackend[];

  /** `previous`: the target of the same upstream that it will replace, whose state it goes on with. */
  constructor(parts: TargetParts, previous?: Target) {
    const { upstream } = parts;
    this.upstream = upstream;
    this.#known = upstream.backends;
    this.budget = previous?.budget ?? new RetryBudget(performance.now());
    this.#latencies = previous?.latencies;
    this.#gates = previous === undefined ? new WeakMap() : previous.#gates;
    this.#ties = previous === undefined ? new WeakMap() : previous.#ties;
    this.#breakers = parts.breakers;
    this.#limits = parts.limits;
    this.balancer = parts.balancer;
    this.forwarder = parts.forwarder;
    this.verdicts = parts.verdicts;
    this.hostHeader = parts.hostHeader;
    this.connectTimeout = parts.connectTimeout;
    this.#sticky = parts.sticky;
    this.#metrics = parts.metrics;
  }

  /** Begins to take exchanges, with the backends and the breakers that the upstream has now. */
  begin(): void {
    this.#circuits = new WeakMap();
    for (const backend of [...this.upstream.backends, ...this.upstream.leaving])
      this.#gates.get(backend)?.limitTo(this.#limits);
    this.#unwatch ??= this.upstream.onChange(() => this.#follow());
  }

  /** Takes no new exchanges: another target has its place, or there is none for the upstream any more. */
  end(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  /** Recent latencies of the upstream; undefined until a route that needs them has called {@link keepLatencies}. */
  get latencies(): LatencyWindow | undefined {
    return this.#latencies;
  }

  keepLatencies(): void {
    this.#latencies ??= new LatencyWindow();
  }

  gate(backend: LiveBackend): ConnectionGate {
    let gate = this.#gates.get(backend);
    if (gate === undefined) this.#gates.set(backend, (gate = new ConnectionGate(backend, this.#limits)));
    return gate;
  }

  breaker(backend: LiveBackend): CircuitBreaker {
    let breaker = this.#circuits.get(backend);
    if (breaker === undefined) this.#circuits.set(backend, (breaker = this.#breakers.inUse(backend)));
    return breaker;
  }

  /**
   * The available backends that no attempt has failed on; when there is none, the backups of which that holds; when there is none
   * of those either, the available ones again.
   */
  candidates(tried: readonly LiveBackend[]): readonly LiveBackend[] {
    const { available, spares } = this.upstream;
    if (tried.length === 0) return available;
    const others = without(available, tried);
    if (others.length > 0) return others;
    const backups = without(spares, tried);
    return backups.length > 0 ? backups : available;
  }

  /** True while there is a backend with room, a backup or not, that no attempt of the exchange has failed on. */
  hasUntried(tried: readonly LiveBackend[]): boolean {
    const { available, spares } = this.upstream;
    return this.#hasRoomIn(without(available, tried)) || this.#hasRoomIn(without(spares, tried));
  }

  /** One of the candidates: where the balancer's choice is busy, another that is not. There must be at least one. */
  pick(candidates: readonly LiveBackend[], request: PickedFor, isSending = false): LiveBackend {
    if (request.tie !== undefined) return this.#pickTied(candidates, request, request.tie);
    const backend = this.#pick(candidates, request);
    if (this.gate(backend).hasRoomFor(isSending) || candidates.length === 1 || this.#sticky) return backend;
    const idle = candidates.filter(each => this.gate(each).hasRoomFor(isSending));
    return idle.length === 0 ? backend : this.#pick(idle, request);
  }

  /** Among which of the candidates the next {@link pick} falls, without moving on. There must be at least one candidate. For explanations. */
  foresee(candidates: readonly LiveBackend[], request: PickedFor, isSending = false): ForeseenPick {
    const known = request.tie && this.#ties.get(request.tie);
    if (known !== undefined && candidates.includes(known)) return { among: [known], bySticky: false };
    const among = (all: readonly LiveBackend[]): ForeseenPick =>
      this.balancer.foresee(all as unknown as Candidates, request);
    const pick = among(candidates);
    if (candidates.length === 1 || this.#sticky) return pick;
    const hasRoom = (backend: Backend): boolean => this.gate(backend as LiveBackend).hasRoomFor(isSending);
    const idle = candidates.filter(hasRoom);
    if (idle.length === 0 || pick.among.every(hasRoom)) return pick;
    const others = among(idle).among;
    return { among: [...new Set([...pick.among.filter(hasRoom), ...others])], bySticky: false };
  }

  /** Exactly once for each attempt: frees its place and tells the balancer and the metrics how it went. `status`: of the response; 0: there was none. */
  settle(
    backend: LiveBackend,
    outcome: Outcome,
    firstByte: number | undefined,
    held: HeldPlace = 'whole',
    status = 0,
  ): void {
    if (held === 'lasting') this.gate(backend).leaveLongLived();
    else this.gate(backend).leave(held === 'sending');
    this.balancer.settled(backend, outcome, firstByte);
    this.#metrics.attempt(this.upstream.name, backend.id, outcome, firstByte, status);
    if (firstByte !== undefined) this.#latencies?.add(firstByte);
  }

  /** An exchange has waited so many milliseconds before the gate of a backend, and waits no more. */
  waited(milliseconds: number): void {
    this.#metrics.waited(this.upstream.name, milliseconds);
  }

  /** What a client is told when no backend may be used: to come back when the soonest circuit is half-open. */
  unavailable(): GatewayError {
    let soonest = Infinity;
    for (const backend of this.upstream.backends) {
      const breaker = this.breaker(backend);
      if (breaker.state === 'open') soonest = Math.min(soonest, breaker.retryIn);
    }
    const seconds = soonest === Infinity ? 1 : Math.max(1, Math.ceil(soonest / 1000));
    const reason = this.upstream.backends.map(backend => `${backend.id}: ${whyNot(backend)}`);
    return new GatewayError(
      'NO_BACKEND',
      'No backend can take the request now.',
      reason.slice(0, 10).join('; '),
      undefined,
      ['Retry-After', String(seconds)],
    );
  }

  /** A client that has let in its connections keeps its backend, which alone knows it, as long as that can be had. */
  #pickTied(candidates: readonly LiveBackend[], request: RequestInfo, tie: ClientTie): LiveBackend {
    const known = this.#ties.get(tie);
    if (known !== undefined && candidates.includes(known)) return known;
    const backend = this.#pick(candidates, request);
    this.#ties.set(tie, backend);
    return backend;
  }

  #pick(candidates: readonly LiveBackend[], request: RequestInfo): LiveBackend {
    return this.balancer.pick(candidates as unknown as Candidates, request) as LiveBackend;
  }

  #hasRoomIn(backends: readonly LiveBackend[]): boolean {
    return backends.some(backend => this.gate(backend).hasRoom);
  }

  #follow(): void {
    this.#sendAway();
    const { backends } = this.upstream;
    if (backends === this.#known) return;
    // One that has come back has another breaker than before.
    this.#circuits = new WeakMap();
    for (const backend of this.#known) if (!backends.includes(backend)) this.forwarder.retire?.(backend);
    this.#known = backends;
  }

  /** Sends away the exchanges that wait for a backend which was taken out: they go to another backend, or to the fallback. */
  #sendAway(): void {
    const { available, backends, leaving } = this.upstream;
    for (const backend of [...backends, ...leaving]) {
      const gate = this.#gates.get(backend);
      if (gate !== undefined && gate.waiting > 0 && !available.includes(backend)) gate.clear();
    }
  }
}

function whyNot({ vetoes, weight }: LiveBackend): string {
  return [...vetoes, ...(weight === 0 ? ['weight 0'] : [])].join(', ') || 'refused';
}

/** The list itself where nothing is left out: strategies work out a plan for each array. */
function without(backends: readonly LiveBackend[], tried: readonly LiveBackend[]): readonly LiveBackend[] {
  const others = backends.filter(backend => !tried.includes(backend));
  return others.length === backends.length ? backends : others;
}
