import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidates } from '../upstream/backend.js';
import { ConsistentHash, type ConsistentHashOptions } from './consistent-hash.js';
import {
  describeStrategy,
  testBackends,
  testClient,
  testRequest,
  type TestBackend,
  type TestRunner,
} from './testing.js';

function configured(options: Partial<ConsistentHashOptions> = {}): ConsistentHash {
  const strategy = new ConsistentHash();
  strategy.configure({ key: 'client-ip', boundedLoad: 0, ...options });
  return strategy;
}

describeStrategy('consistent-hash', () => configured(), { describe, it }, { weighted: true });
// Leaves the test of memory out: what is remembered of clients is the same for every key, so one run of it is enough.
const withoutMemory: TestRunner = {
  describe,
  it: (name, test) => name !== 'does not remember every client' && it(name, test),
};
for (const key of ['path', 'header:x-user', 'cookie:session']) {
  describeStrategy(`consistent-hash by ${key}`, () => configured({ key }), withoutMemory, { weighted: true });
}
describeStrategy('consistent-hash with bounded load', () => configured({ boundedLoad: 1.25 }), { describe, it });

describe('consistent-hash', () => {
  it('goes by the client address unless it is told otherwise', () => {
    const candidates = testBackends(1, 1, 1, 1);
    for (let client = 0; client < 50; client++) {
      const request = testClient(client);
      expect(new ConsistentHash().pick(candidates, request)).toBe(configured().pick(candidates, request));
    }
  });

  it('keeps the same key together whichever client it comes from', () => {
    const candidates = testBackends(1, 1, 1, 1);
    const strategy = configured({ key: 'header:x-user' });
    const pickFor = (user: string, clientIp: string) =>
      strategy.pick(candidates, testRequest({ headers: { 'x-user': user }, clientIp }));
    for (let user = 0; user < 50; user++) {
      expect(pickFor(`user-${user}`, '192.0.2.1')).toBe(pickFor(`user-${user}`, '192.0.2.2'));
    }
  });

  it('goes by the client address when the cookie is missing, so such clients are not all at one backend', () => {
    const candidates = testBackends(1, 1, 1, 1);
    const byCookie = configured({ key: 'cookie:none' });
    const byAddress = configured();
    const picked = Array.from({ length: 100 }, (_, client) => byCookie.pick(candidates, testClient(client)));
    expect(picked).toEqual(Array.from({ length: 100 }, (_, client) => byAddress.pick(candidates, testClient(client))));
    expect(new Set(picked).size).toBe(4);
  });

  it('moves at most the share of the backend that leaves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.nat(), (count, pick) => {
        const candidates = testBackends(...Array.from({ length: count }, () => 1));
        const left = candidates[pick % count];
        const remaining = candidates.filter(each => each !== left) as unknown as Candidates;
        const strategy = configured();
        const pickAll = (from: Candidates) =>
          Array.from({ length: 2_000 }, (_, n) => strategy.pick(from, testClient(n)));
        const before = pickAll(candidates);
        const after = pickAll(remaining);
        const moved = before.filter((owner, index) => owner !== after[index]);
        expect(moved.every(owner => owner === left)).toBe(true);
        expect(moved.length / 2_000).toBeLessThan(1 / count + 0.05);
      }),
      { numRuns: 15 },
    );
  });
});

describe('bounded load', () => {
  const pickInFlight = (strategy: ConsistentHash, candidates: [TestBackend, ...TestBackend[]], client: number) => {
    const picked = strategy.pick(candidates, testClient(client)) as TestBackend;
    picked.inFlight++;
    return picked;
  };

  it('is never exceeded for any keys', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 12 });
    const clients = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 200 });
    const factors = fc.constantFrom(1, 1.1, 1.25, 2);
    fc.assert(
      fc.property(weights, clients, factors, (weights, clients, boundedLoad) => {
        const candidates = testBackends(...weights);
        const totalWeight = weights.reduce((sum, weight) => sum + weight, 0);
        const strategy = configured({ boundedLoad });
        clients.forEach((client, already) => {
          const picked = pickInFlight(strategy, candidates, client);
          const bound = Math.ceil(boundedLoad * (already + 1) * (picked.weight / totalWeight));
          expect(picked.inFlight).toBeLessThanOrEqual(bound);
        });
      }),
    );
  });

  it('stays near its bound with a thousand backends and one key', () => {
    const candidates = testBackends(...Array.from({ length: 1_000 }, () => 1));
    const strategy = configured({ boundedLoad: 1.25 });
    for (let request = 0; request < 5_000; request++) pickInFlight(strategy, candidates, 1);
    expect(Math.max(...candidates.map(each => each.inFlight))).toBeLessThanOrEqual(7);
  });

  it('sends requests beyond the bound of the owner to the same other backends each time', () => {
    const candidates = testBackends(1, 1, 1, 1, 1, 1);
    const sequence = () => {
      for (const each of candidates) each.inFlight = 0;
      const strategy = configured({ boundedLoad: 1.25 });
      return Array.from({ length: 30 }, () => pickInFlight(strategy, candidates, 1).id);
    };
    expect(new Set(sequence()).size).toBeGreaterThan(1);
    expect(sequence()).toEqual(sequence());
  });

  it('leaves a key at its owner while there is room', () => {
    const candidates = testBackends(1, 1, 1, 1);
    const bounded = configured({ boundedLoad: 1.25 });
    const unbounded = configured();
    for (const each of candidates) each.inFlight = 10;
    for (let client = 0; client < 100; client++) {
      expect(bounded.pick(candidates, testClient(client))).toBe(unbounded.pick(candidates, testClient(client)));
    }
  });

  it('is off by default: a busy key never leaves its backend', () => {
    const candidates = testBackends(1, 1, 1, 1);
    const strategy = configured();
    const picked = Array.from({ length: 100 }, () => pickInFlight(strategy, candidates, 1));
    expect(new Set(picked).size).toBe(1);
  });
});
