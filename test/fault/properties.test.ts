import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConsistentHash } from '../../src/load-balancer/consistent-hash.js';
import { RoundRobin } from '../../src/load-balancer/round-robin.js';
import { testBackend, testRequest } from '../../src/load-balancer/testing.js';
import type { Backend, Candidates } from '../../src/upstream/backend.js';

const cycles = 3;
const keys = 2000;
/** Five standard deviations of a share of so many keys, at their widest. */
const noise = 5 * Math.sqrt(0.25 / keys);

const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 40 });
const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 40 }), { minLength: 2, maxLength: 25 });

function candidatesOf(backends: readonly Backend[]): Candidates {
  const [first, ...rest] = backends;
  if (first === undefined) throw new Error('no candidates');
  return [first, ...rest];
}

/** The id that each of so many clients is sent to. */
function owners(backends: readonly Backend[], strategy = byUser()): string[] {
  const candidates = candidatesOf(backends);
  return Array.from({ length: keys }, (_, user) => {
    return strategy.pick(candidates, testRequest({ headers: { 'x-user': `user-${user}` } })).id;
  });
}

function byUser(): ConsistentHash {
  const strategy = new ConsistentHash();
  strategy.configure({ key: 'header:x-user', boundedLoad: 0 });
  return strategy;
}

describe('round-robin', () => {
  it('gives every backend exactly its weight in each whole cycle, for any weights and any number of backends', () => {
    fc.assert(
      fc.property(weights, list => {
        const candidates = candidatesOf(list.map((weight, index) => testBackend({ id: `backend-${index}`, weight })));
        const strategy = new RoundRobin();
        const total = list.reduce((sum, weight) => sum + weight, 0);
        for (let cycle = 0; cycle < cycles; cycle++) {
          const picks = new Map<Backend, number>();
          for (let pick = 0; pick < total; pick++) {
            const picked = strategy.pick(candidates);
            picks.set(picked, (picks.get(picked) ?? 0) + 1);
          }
          expect(candidates.map(each => picks.get(each))).toEqual(list);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is never more than one pick away from the share of an equal backend, at any time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 500 }), (count, picks) => {
        const candidates = candidatesOf(Array.from({ length: count }, (_, index) => testBackend({ id: `${index}` })));
        const strategy = new RoundRobin();
        const got = new Map<Backend, number>();
        for (let pick = 0; pick < picks; pick++) {
          const picked = strategy.pick(candidates);
          got.set(picked, (got.get(picked) ?? 0) + 1);
        }
        for (const each of candidates) expect(Math.abs((got.get(each) ?? 0) - picks / count)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('consistent hashing', () => {
  it('moves only the keys of a backend that leaves, about its share of them, and all come back with it', () => {
    fc.assert(
      fc.property(ids, fc.nat(), (list, index) => {
        const backends = list.map(id => testBackend({ id }));
        const leaving = list[index % list.length];
        const strategy = byUser();
        const before = owners(backends, strategy);
        const remaining = backends.filter(({ id }) => id !== leaving);
        const without = owners(remaining, strategy);
        const moved = before.filter((id, key) => id !== without[key]);
        expect(new Set([...moved, leaving]).size).toBe(1);
        expect(moved.length / keys).toBeLessThanOrEqual(1 / list.length + noise);
        expect(owners([...backends], strategy)).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  it('moves keys only to a backend that joins, about its share of them', () => {
    fc.assert(
      fc.property(ids, list => {
        const [joining = '', ...others] = list;
        const strategy = byUser();
        const before = owners(
          others.map(id => testBackend({ id })),
          strategy,
        );
        const after = owners(
          list.map(id => testBackend({ id })),
          strategy,
        );
        const moved = after.filter((id, key) => id !== before[key]);
        expect(new Set([...moved, joining]).size).toBe(1);
        expect(moved.length / keys).toBeLessThanOrEqual(1 / list.length + noise);
      }),
      { numRuns: 40 },
    );
  });

  it('does not depend on the order of the list, nor on what was asked before', () => {
    const shuffled = ids.chain(list =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        const used = byUser();
        owners(
          list.slice(0, 1).map(id => testBackend({ id })),
          used,
        );
        expect(
          owners(
            other.map(id => testBackend({ id })),
            used,
          ),
        ).toEqual(owners(list.map(id => testBackend({ id }))));
      }),
      { numRuns: 30 },
    );
  });
});
