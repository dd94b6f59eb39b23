import type { CircuitBreakers } from '../../circuit-breaker/circuit-breakers.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import type { LoadBalancers } from '../../load-balancer/load-balancers.js';
import type { AttemptMetrics } from '../../metrics/attempt-metrics.js';
import { readTls } from '../../upstream/backend-tls.js';
import type { Upstreams } from '../../upstream/upstreams.js';
import { VerdictRules } from './backend-verdict.js';
import { BackendPools } from '../forwarder/backend-pools.js';
import type { Forwarders } from '../forwarder/registered-forwarder.js';
import { Target } from './target.js';
import { Targets } from './targets.js';

/** Makes a target for each upstream. Rejects, in one line, for an unknown strategy or forwarder. */
export async function createTargets(
  config: GatewayConfig,
  upstreams: Upstreams,
  balancers: LoadBalancers,
  breakers: CircuitBreakers,
  forwarders: Forwarders,
  metrics: AttemptMetrics,
): Promise<Targets> {
  const targets = new Map<string, Target>();
  for (const [name, settings] of config.upstreams) {
    const balancer = await balancers.create(name, settings.strategy, settings.sticky);
    const { circuitBreaker, connections, hostHeader, lenient, sticky, timeouts, tls } = settings;
    const factory = await forwarders.create({ name: settings.forwarder, path: `upstreams.${name}.forwarder` });
    const connectTimeout = longestConnect(config, timeouts.connect);
    const pools = new BackendPools({ connections, connectTimeout, tls: tls && readTls(tls), lenient });
    const target = new Target({
      upstream: upstreams.get(name),
      balancer,
      forwarder: factory.create(pools),
      breakers,
      verdicts: new VerdictRules(circuitBreaker),
      hostHeader,
      limits: connections,
      connectTimeout,
      sticky: sticky !== undefined,
      metrics,
    });
    targets.set(name, target);
  }
  return new Targets(targets);
}

/** A pool has one limit for connecting: the longest that a route may ask for; shorter ones are kept by each attempt. */
function longestConnect({ routes }: GatewayConfig, own: number): number {
  return routes.reduce((longest, { timeouts }) => Math.max(longest, timeouts?.connect ?? 0), own);
}
