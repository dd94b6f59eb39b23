import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { builtInStrategies } from '../config/language/kinds/strategy.js';
import type { Backend, Candidates } from '../upstream/backend.js';
import { builtinStrategies } from './builtin-strategies.js';
import { LoadBalancerModule } from './load-balancer.module.js';
import { LoadBalancers } from './load-balancers.js';
import { RANDOM_SOURCE } from '../random/random-source.js';
import { RoundRobin } from './round-robin.js';
import { Strategy, type LoadBalancingStrategy } from './strategy.js';
import { describeStrategy, testBackends, testRequest } from './testing.js';

// A custom strategy: this class, and `strategy: idlest` in the file.
@Strategy('idlest')
class Idlest implements LoadBalancingStrategy {
  pick(candidates: Candidates): Backend {
    return candidates.reduce((idlest, each) => (each.inFlight < idlest.inFlight ? each : idlest));
  }
}

@Module({ providers: [Idlest] })
class IdlestModule {}

describeStrategy('a strategy of one’s own', () => new Idlest(), { describe, it });

it('describeStrategy says what is missing when it gets no test runner', () => {
  const call = describeStrategy as (name: string, create: () => Idlest, runner?: object) => void;
  for (const runner of [undefined, {}, { describe }]) {
    expect(() => call('idlest', () => new Idlest(), runner)).toThrow(/third argument: \{ describe, it \}/);
  }
});

const testingModule = () => Test.createTestingModule({ imports: [LoadBalancerModule, IdlestModule] });

async function loadBalancers(): Promise<LoadBalancers> {
  const module = await testingModule().compile();
  await module.init();
  return module.get(LoadBalancers);
}

describe('load balancers', () => {
  it('are made with a strategy of any module, by its name', async () => {
    const balancer = await (await loadBalancers()).create('orders', { name: 'idlest' });
    const candidates = testBackends(1, 1);
    candidates[0].inFlight = 1;
    expect(balancer.pick(candidates, testRequest())).toBe(candidates[1]);
  });

  it.each(builtinStrategies.map(each => each.name))('are made with the built-in %s', async name => {
    const balancer = await (await loadBalancers()).create('orders', { name });
    const candidates = testBackends(1, 1);
    expect(candidates).toContain(balancer.pick(candidates, testRequest()));
  });

  it('of two upstreams share no state', async () => {
    const all = await loadBalancers();
    const candidates = testBackends(1, 1);
    const balancers = [await all.create('a', { name: 'round-robin' }), await all.create('b', { name: 'round-robin' })];
    expect(balancers.map(each => each.pick(candidates, testRequest()))).toEqual([candidates[0], candidates[0]]);
  });

  it('pass the options on', async () => {
    const balancer = await (await loadBalancers()).create('a', { name: 'consistent-hash', options: { key: 'path' } });
    const candidates = testBackends(1, 1, 1, 1);
    const picked = Array.from({ length: 50 }, (_, n) =>
      balancer.pick(candidates, testRequest({ path: '/same', clientIp: `192.0.2.${n}` })),
    );
    expect(new Set(picked).size).toBe(1);
  });

  it('keep a client at its backend when sessions are sticky', async () => {
    const sticky = { cookie: 'at', ttl: 0, httpOnly: true, secure: 'auto', sameSite: 'lax' } as const;
    const balancer = await (await loadBalancers()).create('orders', { name: 'round-robin' }, sticky);
    const candidates = testBackends(1, 1);
    const picked = balancer.pick(candidates, testRequest());
    const cookie = balancer.cookieFor(picked, testRequest(), false)?.split(';')[0] ?? '';
    const again = testRequest({ headers: { cookie } });
    expect([balancer.pick(candidates, again), balancer.pick(candidates, again)]).toEqual([picked, picked]);
  });

  it('stop the start in one line when the strategy is unknown', async () => {
    await expect((await loadBalancers()).create('orders', { name: 'round-robbin' })).rejects.toThrow(
      /^upstreams\.orders\.strategy: no strategy is named "round-robbin", known are consistent-hash, idlest, .*, round-robin \(did you mean "round-robin"\?\)$/,
    );
  });

  it('stop the start in one line when its options are wrong', async () => {
    const create = async (options: unknown) =>
      (await loadBalancers()).create('orders', { name: 'consistent-hash', options });
    await expect(create({ key: 'moon' })).rejects.toThrow(
      /^upstreams\.orders\.strategy\.key: must be client-ip, path, header:<name> or cookie:<name>$/,
    );
    await expect(create({ boundedLoad: 0.5 })).rejects.toThrow(
      /^upstreams\.orders\.strategy\.boundedLoad: must be 0 \(off\), or from 1 to 100$/,
    );
    await expect(create({ kee: 'path' })).rejects.toThrow(
      /^upstreams\.orders\.strategy\.kee: unknown option \(did you mean "key"\?\)$/,
    );
  });

  it('use the random source that a test provides', async () => {
    const module = await testingModule()
      .overrideProvider(RANDOM_SOURCE)
      .useValue(() => 0.99)
      .compile();
    const balancer = await module.get(LoadBalancers).create('orders', { name: 'random' });
    const candidates = testBackends(1, 1, 1);
    expect(balancer.pick(candidates, testRequest())).toBe(candidates[2]);
  });

  it('use the fake that a test puts in the place of a strategy', async () => {
    const last = { pick: (candidates: Candidates): Backend => candidates.at(-1) ?? candidates[0] };
    const module = await testingModule().overrideProvider(RoundRobin).useValue(last).compile();
    const balancer = await module.get(LoadBalancers).create('orders', { name: 'round-robin' });
    const candidates = testBackends(1, 1, 1);
    expect(balancer.pick(candidates, testRequest())).toBe(candidates[2]);
  });
});

describe('the built-in strategies', () => {
  it('are the ones of the configuration reference', () => {
    expect(builtinStrategies.map(each => each.name)).toEqual(builtInStrategies);
  });

  it('check options without an application', () => {
    const check = (name: string, options: unknown) =>
      builtinStrategies.find(each => each.name === name)?.check(options);
    expect(check('round-robin', {})).toEqual([]);
    expect(check('round-robin', { key: 'path' })).toEqual([
      { path: ['key'], message: 'unknown option; it takes none', at: 'key' },
    ]);
    expect(check('consistent-hash', { key: 'header:x-user', boundedLoad: 1.25 })).toEqual([]);
    expect(check('consistent-hash', { key: 'header:' })).toHaveLength(1);
    expect(check('consistent-hash', { boundedLoad: 'much' })).toHaveLength(1);
  });
});
