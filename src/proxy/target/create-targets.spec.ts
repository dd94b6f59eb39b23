import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { closeLater } from '../../../test/support/cleanup.js';
import { CircuitBreakerModule } from '../../circuit-breaker/circuit-breaker.module.js';
import { CircuitBreakers } from '../../circuit-breaker/circuit-breakers.js';
import { GatewayConfigModule } from '../../config/config.module.js';
import { buildUntyped } from '../../config/loading/load-config.js';
import { LoadBalancerModule } from '../../load-balancer/load-balancer.module.js';
import { LoadBalancers } from '../../load-balancer/load-balancers.js';
import { LoggingModule } from '../../logging/logging.module.js';
import { AttemptMetrics } from '../../metrics/attempt-metrics.js';
import { MetricsModule } from '../../metrics/metrics.module.js';
import { UpstreamModule } from '../../upstream/upstream.module.js';
import { Upstreams } from '../../upstream/upstreams.js';
import { Forwarders } from '../forwarder/registered-forwarder.js';
import { PlayedForwarder } from '../../../test/support/played-forwarder.js';
import { createTargets } from './create-targets.js';

/** Forwarders by name; `asked`: the names and paths that were asked for. */
function forwarders(asked: unknown[]): Pick<Forwarders, 'create'> {
  return {
    create: async choice => {
      asked.push(choice);
      if (choice.name === 'missing') throw new Error(`${choice.path}: no forwarder is named "missing"`);
      return { create: () => new PlayedForwarder() };
    },
  };
}

async function targetsOf(upstreams: object, routes: readonly object[] = [], asked: unknown[] = []) {
  const config = buildUntyped(
    { upstreams, ...(routes.length > 0 && { routes }) },
    { forwarders: ['default', 'missing'] },
  );
  const module = await Test.createTestingModule({
    imports: [
      GatewayConfigModule.forRoot(config),
      LoggingModule.forRoot(config.logging, { write: () => {}, writeNow: () => {} }),
      MetricsModule.forRoot({ buckets: [1], processMetrics: false }),
      CircuitBreakerModule.forRoot({ config }),
      LoadBalancerModule,
      UpstreamModule,
    ],
  }).compile();
  closeLater(() => module.close());
  const [upstreamsOf, balancers, breakers] = [
    module.get(Upstreams),
    module.get(LoadBalancers),
    module.get(CircuitBreakers),
  ];
  const made = await createTargets(
    config,
    upstreamsOf,
    balancers,
    breakers,
    forwarders(asked) as Forwarders,
    module.get(AttemptMetrics),
  );
  return { made, breakers };
}

const backends = ['http://127.0.0.1:1'];

it('each upstream gets a target of its own, with what its settings say', async () => {
  const asked: unknown[] = [];
  const { made, breakers } = await targetsOf(
    { one: { backends, hostHeader: 'backend' }, two: { backends: ['http://127.0.0.1:2'] } },
    [
      { match: { path: '/1' }, upstream: 'one' },
      { match: { path: '/2' }, upstream: 'two' },
    ],
    asked,
  );
  const [one, two] = [made.get('one'), made.get('two')];
  expect([one.hostHeader, two.hostHeader, one.upstream.name, one.forwarder === two.forwarder]).toEqual([
    'backend',
    'preserve',
    'one',
    false,
  ]);
  expect(asked).toEqual([
    expect.objectContaining({ name: 'default', path: ['upstreams', 'one', 'forwarder'] }),
    expect.objectContaining({ name: 'default', path: ['upstreams', 'two', 'forwarder'] }),
  ]);
  const [backend] = one.upstream.backends;
  expect(one.breaker(backend!)).toBe(breakers.inUse(backend!));
});

it('its pool connects for as long as the longest of its routes may', async () => {
  const routes = [
    { match: { path: '/1' }, upstream: 'one', timeouts: { connect: '9s' } },
    { match: { path: '/2' }, upstream: 'one', timeouts: { connect: '1s' } },
  ];
  const { made } = await targetsOf({ one: { backends, timeouts: { connect: '2s' } } }, routes);
  expect(made.get('one').connectTimeout).toBe(9_000);
});

it('an unknown forwarder stops the start in one line', async () => {
  await expect(targetsOf({ one: { backends, forwarder: 'missing' } })).rejects.toThrow(
    'upstreams,one,forwarder: no forwarder is named "missing"',
  );
});
