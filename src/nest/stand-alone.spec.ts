import type { Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CircuitBreakers } from '../circuit-breaker/circuit-breakers.js';
import type { CircuitBreaker } from '../circuit-breaker/circuit-breaker.js';
import { circuitBreakerToken } from '../circuit-breaker/inject-circuit-breaker.js';
import { HealthController } from '../health/health.controller.js';
import { LoadBalancers } from '../load-balancer/load-balancers.js';
import { Strategy, type LoadBalancingStrategy } from '../load-balancer/strategy.js';
import { Dispatcher } from '../proxy/dispatcher.js';
import { SecurityPolicies } from '../security/controllers/security-policies.js';
import { LimitStore } from '../security/rate-limit/limit-store.js';
import { SketchedRequest } from '../security/testing.js';
import type { Backend } from '../upstream/backend.js';
import { Upstreams } from '../upstream/upstreams.js';
import * as parts from './stand-alone.js';

async function compile(imports: object[], providers: Type[] = []) {
  const module = await Test.createTestingModule({ imports: imports as Type[], providers }).compile();
  onTestFinished(() => module.close());
  return module;
}

const shop = { upstreams: { shop: { backends: [{ id: 'a', url: 'http://127.0.0.1:1' }] } } };

@Strategy('second')
class Second implements LoadBalancingStrategy {
  pick(candidates: readonly [Backend, ...Backend[]]): Backend {
    return candidates[1] ?? candidates[0];
  }
}

describe('a module that is imported alone', () => {
  const offered = Object.entries({
    CircuitBreakerModule: CircuitBreakers,
    HealthModule: HealthController,
    LoadBalancerModule: LoadBalancers,
    MetricsModule: Registry,
    ProxyModule: Dispatcher,
    RateLimitModule: LimitStore,
    SecurityModule: SecurityPolicies,
  });

  it.each(offered)('%s compiles, offers what it is for, and starts nothing', async (name, token) => {
    const before = process.getActiveResourcesInfo().toSorted();
    const module = await compile([parts[name as keyof typeof parts] as Type]);
    expect(module.get(token as Type)).toBeInstanceOf(token);
    expect(process.getActiveResourcesInfo().toSorted()).toEqual(before);
  });

  it('has a strategy of the application, with its backends as they are configured', async () => {
    const module = await compile([parts.LoadBalancerModule.forRoot()], [Second]);
    const backends = { backends: ['http://127.0.0.1:1', 'http://127.0.0.1:2'] };
    const proxy = await compile([parts.ProxyModule.forRoot({ config: { upstreams: { shop: backends } } })]);
    const balancer = await module.get(LoadBalancers).create('shop', { name: 'second' });
    const all = proxy.get(Upstreams).get('shop').backends;
    expect(balancer).toBeDefined();
    expect(all.map(({ id }) => id)).toEqual(['127.0.0.1:1', '127.0.0.1:2']);
  });

  it('has the breakers of its configuration, each by its token', async () => {
    const module = await compile([parts.CircuitBreakerModule.forRoot({ config: shop })]);
    module.get<CircuitBreaker>(circuitBreakerToken('a')).open();
    expect(module.get(CircuitBreakers).get('shop/a').state).toBe('open');
  });

  it('has policies that refuse what a block refuses', async () => {
    const module = await compile([parts.SecurityModule]);
    const [policy] = await module.get(SecurityPolicies).of({ validation: { methods: ['GET'] } });
    expect(policy!.check(new SketchedRequest({ method: 'PUT' }))).toMatchObject({ status: 405 });
    expect(policy!.check(new SketchedRequest())).toBeUndefined();
  });

  it('tells of health without a listener', async () => {
    const health = (await compile([parts.HealthModule.forRoot({ config: shop })])).get(HealthController);
    expect(await health.live()).toMatchObject({ status: 'ok' });
  });

  it('rejects a wrong configuration where it is given', () => {
    const config = { upstreams: { shop: { backends: [] } } };
    expect(() => parts.ProxyModule.forRoot({ config })).toThrow(/upstreams\.shop\.backends/);
  });
});
