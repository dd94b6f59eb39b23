import { readFileSync } from 'node:fs';
import type { GatewayConfig } from '../config/gateway.config.js';
import type { UpstreamTlsConfig } from '../config/upstream.config.js';
import type { LoadBalancers } from '../load-balancer/load-balancers.js';
import type { AttemptMetrics } from '../metrics/attempt-metrics.js';
import type { Upstreams } from '../upstream/upstreams.js';
import { BackendPools, type BackendTls } from './backend-pools.js';
import type { Forwarders } from './registered-forwarder.js';
import { Target } from './target.js';
import { Targets } from './targets.js';

/** Makes a target for each upstream. Rejects, in one line, for an unknown strategy or forwarder. */
export async function createTargets(
  config: GatewayConfig,
  upstreams: Upstreams,
  balancers: LoadBalancers,
  forwarders: Forwarders,
  metrics: AttemptMetrics,
): Promise<Targets> {
  const targets = new Map<string, Target>();
  for (const [name, settings] of config.upstreams) {
    const balancer = await balancers.create(name, settings.strategy, settings.sticky);
    const { connections, hostHeader, timeouts, tls } = settings;
    const factory = await forwarders.create({ name: settings.forwarder, path: `upstreams.${name}.forwarder` });
    const pools = new BackendPools({ connections, connectTimeout: timeouts.connect, tls: tls && readTls(tls) });
    targets.set(
      name,
      new Target(upstreams.get(name), balancer, factory.create(pools), hostHeader, connections, metrics),
    );
  }
  return new Targets(targets);
}

function readTls({ ca, cert, key, serverName, verify }: UpstreamTlsConfig): BackendTls {
  return {
    verify,
    ...(ca !== undefined && { ca: readFileSync(ca) }),
    ...(cert !== undefined && { cert: readFileSync(cert) }),
    ...(key !== undefined && { key: readFileSync(key) }),
    ...(serverName !== undefined && { serverName }),
  };
}
