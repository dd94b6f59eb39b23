import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import type { Candidates } from '../upstream/backend.js';
import { Upstream } from '../upstream/upstream.js';
import { builtinStrategies } from './builtin-strategies.js';
import { LoadBalancerModule } from './load-balancer.module.js';
import { LoadBalancers } from './load-balancers.js';
import { testClient, testRequest } from './testing.js';

const sticky = { cookie: 'gw', ttl: 0, httpOnly: true, secure: 'auto', sameSite: 'lax' } as const;

/** Upstream of three backends, with a way to give the first one another weight by hand. */
function upstreamOfThree() {
  const backends = ['a', 'b', 'c'].map(id => ({ id, url: `http://${id}:80`, weight: 2, backup: false }));
  const upstream = new Upstream('app', { strategy: { name: 'random' }, slowStart: 0, panicThreshold: 0, backends });
  const weigh = (weight: number | undefined) =>
    upstream.setByHand(upstream.backends[0]!, { drained: undefined, weight });
  return { upstream, weigh, candidates: () => upstream.available as unknown as Candidates };
}

async function balancerOf(name: string, options?: typeof sticky) {
  const module = await Test.createTestingModule({ imports: [LoadBalancerModule] }).compile();
  await module.init();
  return module.get(LoadBalancers).create('app', { name }, options);
}

describe('a backend whose weight is set to 0 by hand', () => {
  it.each(builtinStrategies.map(({ name }) => name))(
    'is picked for no client by %s, and for some when it has a weight again',
    async name => {
      const { weigh, candidates } = upstreamOfThree();
      const balancer = await balancerOf(name);
      const picked = (): string[] => {
        const ids = Array.from({ length: 200 }, (_, client) => {
          const backend = balancer.pick(candidates(), testClient(client));
          balancer.settled(backend, 'success', 5);
          return backend.id;
        });
        return [...new Set(ids)].toSorted();
      };
      expect(picked()).toEqual(['a', 'b', 'c']);
      weigh(0);
      expect(picked()).toEqual(['b', 'c']);
      weigh(undefined);
      expect(picked()).toEqual(['a', 'b', 'c']);
    },
  );

  it('is left by the clients whose cookie names it, which come back to it with the weight', async () => {
    const { upstream, weigh, candidates } = upstreamOfThree();
    const balancer = await balancerOf('round-robin', sticky);
    const cookie = balancer.cookieFor(upstream.backends[0]!, testRequest(), false)!.split(';')[0]!;
    const request = testRequest({ headers: { cookie } });
    const picked = (): string[] => Array.from({ length: 6 }, () => balancer.pick(candidates(), request).id);
    expect(new Set(picked())).toEqual(new Set(['a']));
    weigh(0);
    expect(picked()).not.toContain('a');
    weigh(7);
    expect(new Set(picked())).toEqual(new Set(['a']));
  });
});
