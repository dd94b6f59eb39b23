import type { CircuitBreakers } from '../../circuit-breaker/circuit-breakers.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import type { UpstreamConfig } from '../../config/file/upstream.config.js';
import { describeFindings } from '../../config/loading/plain-config.js';
import type { LoadBalancer } from '../../load-balancer/load-balancer.js';
import type { LoadBalancers } from '../../load-balancer/load-balancers.js';
import type { AttemptMetrics } from '../../metrics/attempt-metrics.js';
import { readTls } from '../../upstream/backend-tls.js';
import type { Upstream } from '../../upstream/upstream.js';
import type { Upstreams } from '../../upstream/upstreams.js';
import { VerdictRules } from './backend-verdict.js';
import { BackendPools } from '../forwarder/backend-pools.js';
import type { Forwarder } from '../forwarder/forwarder.js';
import { Http1Forwarder } from '../forwarder/http1-forwarder.js';
import type { Forwarders } from '../forwarder/registered-forwarder.js';
import { TimedForwarder } from '../forwarder/timed-forwarder.js';
import { Target } from './target.js';
import { Targets } from './targets.js';

/** What a target was made from. */
export interface MadeFrom {
  readonly settings: UpstreamConfig;
  /** Milliseconds: the limit of its connection pools. */
  readonly connectTimeout: number;
}

/** Makes the targets of upstreams. */
export class TargetMaker {
  readonly #madeFrom = new WeakMap<Target, MadeFrom>();

  constructor(
    private readonly balancers: LoadBalancers,
    private readonly breakers: CircuitBreakers,
    private readonly forwarders: Forwarders,
    private readonly metrics: AttemptMetrics,
  ) {}

  /**
   * The target of an upstream in a configuration. `previous`: its target until now, which stays where nothing of it has changed; else the new one
   * takes over what is the same: balancer, connections, gates, budgets. Rejects, in one line, for an unknown strategy or forwarder.
   */
  async make(config: GatewayConfig, upstream: Upstream, previous?: Target): Promise<Target> {
    const { name } = upstream;
    const settings = config.upstreams.get(name)!;
    const made = { settings, connectTimeout: longestConnect(config, settings.timeouts.connect) };
    const before = previous && this.#madeFrom.get(previous);
    if (before !== undefined && isSameTarget(before, made)) {
      this.#madeFrom.set(previous!, made);
      return previous!;
    }
    const { circuitBreaker, connections, hostHeader, sticky } = settings;
    const parts = {
      upstream,
      balancer: await this.#balancer(config, name, previous, before),
      forwarder: await this.#forwarder(config, name, made, previous, before),
      breakers: this.breakers,
      verdicts: new VerdictRules(circuitBreaker),
      hostHeader,
      limits: connections,
      connectTimeout: made.connectTimeout,
      sticky: sticky !== undefined,
      metrics: this.metrics,
    };
    const target = new Target(parts, previous);
    this.#madeFrom.set(target, made);
    return target;
  }

  async #balancer(config: GatewayConfig, name: string, previous?: Target, before?: MadeFrom): Promise<LoadBalancer> {
    const { strategy, sticky } = config.upstreams.get(name)!;
    const isSame = before?.settings.strategy === strategy && before.settings.sticky === sticky;
    if (isSame) return previous!.balancer;
    return this.balancers.create(name, strategy, sticky, faults => describeFindings(config, faults));
  }

  async #forwarder(
    config: GatewayConfig,
    name: string,
    made: MadeFrom,
    previous?: Target,
    before?: MadeFrom,
  ): Promise<Forwarder> {
    if (before !== undefined && areSameConnections(before, made)) return previous!.forwarder;
    const { connectTimeout, settings } = made;
    const { connections, lenient, tls } = settings;
    const factory = await this.forwarders.create({
      ...settings.forwarder,
      path: ['upstreams', name, 'forwarder'],
      describe: faults => describeFindings(config, faults),
    });
    const pools = new BackendPools({ connections, connectTimeout, tls: tls && readTls(tls), lenient });
    const forwarder = factory.create(pools, () => new Http1Forwarder(pools));
    return factory.keepsTimeouts === true ? forwarder : new TimedForwarder(forwarder, connectTimeout);
  }
}

/** Makes a target for each upstream. Rejects, in one line, for an unknown strategy or forwarder. */
export async function createTargets(
  config: GatewayConfig,
  upstreams: Upstreams,
  balancers: LoadBalancers,
  breakers: CircuitBreakers,
  forwarders: Forwarders,
  metrics: AttemptMetrics,
): Promise<Targets> {
  const maker = new TargetMaker(balancers, breakers, forwarders, metrics);
  const targets = new Map<string, Target>();
  for (const upstream of upstreams) targets.set(upstream.name, await maker.make(config, upstream));
  return new Targets(targets, maker, upstreams);
}

function areSameConnections({ settings: one, ...a }: MadeFrom, { settings: other, ...b }: MadeFrom): boolean {
  return (
    a.connectTimeout === b.connectTimeout &&
    one.forwarder === other.forwarder &&
    one.connections === other.connections &&
    one.tls === other.tls &&
    one.lenient === other.lenient
  );
}

function isSameTarget(before: MadeFrom, made: MadeFrom): boolean {
  const { settings: one } = before;
  const { settings: other } = made;
  return (
    areSameConnections(before, made) &&
    one.strategy === other.strategy &&
    one.sticky === other.sticky &&
    one.hostHeader === other.hostHeader &&
    one.circuitBreaker === other.circuitBreaker &&
    (one.fallback === undefined) === (other.fallback === undefined)
  );
}

/** A pool has one limit for connecting: the longest that a route may ask for; shorter ones are kept by each attempt. */
function longestConnect({ routes }: GatewayConfig, own: number): number {
  return routes.reduce((longest, { timeouts }) => Math.max(longest, timeouts?.connect ?? 0), own);
}
