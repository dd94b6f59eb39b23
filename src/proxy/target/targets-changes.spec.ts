import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../../../test/support/cleanup.js';
import { PlayedForwarder } from '../../../test/support/played-forwarder.js';
import { CircuitBreakerModule } from '../../circuit-breaker/circuit-breaker.module.js';
import { CircuitBreakers } from '../../circuit-breaker/circuit-breakers.js';
import { GatewayConfigModule } from '../../config/config.module.js';
import { shareUnchanged } from '../../config/live/share-unchanged.js';
import { Transition } from '../../config/live/transition.js';
import { buildConfig } from '../../config/loading/load-config.js';
import { LoadBalancerModule } from '../../load-balancer/load-balancer.module.js';
import { LoadBalancers } from '../../load-balancer/load-balancers.js';
import { LoggingModule } from '../../logging/logging.module.js';
import { AttemptMetrics } from '../../metrics/attempt-metrics.js';
import { MetricsModule } from '../../metrics/metrics.module.js';
import type { LiveBackend } from '../../upstream/live-backend.js';
import { UpstreamModule } from '../../upstream/upstream.module.js';
import { Upstreams } from '../../upstream/upstreams.js';
import { Forwarders } from '../forwarder/registered-forwarder.js';
import { createTargets } from './create-targets.js';

/** A forwarder that tells what is retired. */
class RetiringForwarder extends PlayedForwarder {
  readonly retired: (string | undefined)[] = [];

  retire(backend?: LiveBackend): void {
    this.retired.push(backend?.id);
  }
}

const at = (...ids: string[]): object[] => ids.map(id => ({ id, url: `http://${id}.example` }));

/** The targets of one upstream, `app`, and a way to another configuration of it. */
async function targetsOf(app: object) {
  let from = buildConfig({ upstreams: { app } });
  const module = await Test.createTestingModule({
    imports: [
      GatewayConfigModule.forRoot(from),
      LoggingModule.forRoot(from.logging, { write: () => {}, writeNow: () => {} }),
      MetricsModule.forRoot({ buckets: [1], processMetrics: false }),
      CircuitBreakerModule.forRoot({ config: from }),
      LoadBalancerModule,
      UpstreamModule,
    ],
  }).compile();
  closeLater(() => module.close());
  const forwarders = { create: async () => ({ keepsTimeouts: true, create: () => new RetiringForwarder() }) };
  const [upstreams, balancers] = [module.get(Upstreams), module.get(LoadBalancers)];
  const breakers = module.get(CircuitBreakers);
  const metrics = module.get(AttemptMetrics);
  const targets = await createTargets(from, upstreams, balancers, breakers, forwarders as never as Forwarders, metrics);
  const change = async (next: object | undefined): Promise<void> => {
    const more = { other: { backends: at('z') } };
    const to = shareUnchanged(buildConfig({ upstreams: next === undefined ? more : { app: next } }), from);
    const transition = new Transition(from, to);
    upstreams.prepare(transition);
    breakers.prepare(transition);
    await targets.prepare(transition);
    transition.commit();
    from = to;
  };
  const app_ = (): ReturnType<typeof targets.get> => targets.get('app');
  return { targets, breakers, upstreams, app: app_, change };
}

describe('the target of an upstream in another configuration', () => {
  it('is the same where nothing that it is made of has changed', async () => {
    const { app, change } = await targetsOf({ backends: at('a') });
    const before = app();
    await change({ backends: at('a'), timeouts: { response: '1s' }, slowStart: '9s' });
    expect(app()).toBe(before);
  });

  it('takes over balancer, gates, budget and connections where only something else has changed', async () => {
    const { app, change } = await targetsOf({ backends: at('a') });
    const before = app();
    const [a] = before.upstream.backends;
    const gate = before.gate(a!);
    await change({ backends: at('a'), hostHeader: 'backend' });
    const after = app();
    expect(after).not.toBe(before);
    expect([
      after.balancer === before.balancer,
      after.forwarder === before.forwarder,
      after.budget === before.budget,
    ]).toEqual([true, true, true]);
    expect([after.gate(a!) === gate, after.hostHeader]).toEqual([true, 'backend']);
  });

  it('has new connections where their settings have changed, and the old ones are kept for reuse no more', async () => {
    const { app, change } = await targetsOf({ backends: at('a'), connections: { max: 1 } });
    const { forwarder, upstream, gate } = { ...app(), gate: app().gate(app().upstream.backends[0]!) };
    expect([gate.tryEnter(), gate.hasRoom]).toEqual([true, false]);
    await change({ backends: at('a'), connections: { max: 2 } });
    expect([app().forwarder === forwarder, (forwarder as RetiringForwarder).retired]).toEqual([false, [undefined]]);
    expect([app().gate(upstream.backends[0]!) === gate, gate.hasRoom]).toEqual([true, true]);
  });

  it('keeps no connection to a backend that is gone', async () => {
    const { app, change } = await targetsOf({ backends: at('a', 'b') });
    const { retired } = app().forwarder as RetiringForwarder;
    await change({ backends: at('b', 'c') });
    expect([retired, app().upstream.backends.map(({ id }) => id)]).toEqual([['a'], ['b', 'c']]);
  });

  it('is gone with its upstream, and its connections are kept no more', async () => {
    const { app, targets, change } = await targetsOf({ backends: at('a') });
    const { retired } = app().forwarder as RetiringForwarder;
    await change(undefined);
    expect(() => targets.get('app')).toThrow('no upstream');
    expect([retired, targets.get('other').upstream.name]).toEqual([[undefined], 'other']);
  });
});

describe('the breaker of a backend in another configuration', () => {
  it('keeps its state where its settings stay, also while others come and go', async () => {
    const { app, breakers, change } = await targetsOf({ backends: at('a') });
    breakers.get('a').open();
    await change({ backends: at('b', 'a') });
    const [b, a] = app().upstream.backends;
    expect([app().breaker(a!).state, app().breaker(b!).state, breakers.get('b').state]).toEqual([
      'open',
      'closed',
      'closed',
    ]);
  });

  it('begins anew where its settings have changed, under the name that code outside has it by', async () => {
    const { app, breakers, change } = await targetsOf({ backends: at('a') });
    const held = breakers.get('a');
    held.open();
    const [a] = app().upstream.backends;
    await change({ backends: at('a'), circuitBreaker: { volumeThreshold: 3 } });
    expect([app().breaker(a!).state, held.state, a!.vetoes.size]).toEqual(['closed', 'closed', 0]);
    held.open();
    expect([app().breaker(a!).state, breakers.get('a') === held]).toEqual(['open', true]);
  });

  it('is not known any more when the backend is gone, and has no veto left when the backend comes back', async () => {
    const { app, breakers, change } = await targetsOf({ backends: at('a', 'b') });
    breakers.get('a').open();
    const [a] = app().upstream.backends;
    a!.load.tryTake(1);
    await change({ backends: at('b') });
    expect(() => breakers.get('a')).toThrow('no circuit breaker');
    await change({ backends: at('a', 'b') });
    expect([app().upstream.backends[0] === a, a!.vetoes.size, app().breaker(a!).state]).toEqual([true, 0, 'closed']);
  });
});
