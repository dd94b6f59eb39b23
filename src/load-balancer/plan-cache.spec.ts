import { describe, expect, it } from 'vitest';
import type { Candidates } from '../upstream/backend.js';
import { PlanCache } from './plan-cache.js';
import { testBackends } from './testing.js';

function counted() {
  const built: Candidates[] = [];
  const inherited: (number | undefined)[] = [];
  const plans = new PlanCache<number>((candidates, inUse) => {
    inherited.push(inUse);
    return built.push(candidates);
  });
  return { plans, built, inherited };
}

describe('the cache of plans', () => {
  it('builds once for the same array', () => {
    const { plans, built } = counted();
    const candidates = testBackends(1, 1);
    expect([plans.planFor(candidates), plans.planFor(candidates)]).toEqual([1, 1]);
    expect(built).toHaveLength(1);
  });

  it('builds anew for another array with the same backends', () => {
    const { plans } = counted();
    const candidates = testBackends(1, 1);
    expect([plans.planFor(candidates), plans.planFor([...candidates])]).toEqual([1, 2]);
  });

  it('keeps the plan in use through any number of short-lived arrays', () => {
    const { plans } = counted();
    const standing = testBackends(1, 1);
    plans.planFor(standing);
    for (let retry = 0; retry < 50; retry++) plans.planFor(testBackends(1));
    expect(plans.planFor(standing)).toBe(1);
  });

  it('takes to a new standing array, however many retries come between', () => {
    const { plans, built } = counted();
    plans.planFor(testBackends(1));
    const standing = testBackends(1, 1);
    for (let request = 0; request < 50; request++) {
      plans.planFor(standing);
      plans.planFor(testBackends(1));
      plans.planFor(testBackends(1));
    }
    expect(built.filter(each => each === standing)).toHaveLength(1);
  });

  it('keeps the plans of two arrays that take turns', () => {
    const { plans, built } = counted();
    const one = testBackends(1);
    const other = testBackends(1, 1);
    const picked = Array.from({ length: 10 }, (_, turn) => plans.planFor(turn % 2 === 0 ? one : other));
    expect(picked).toEqual([1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
    expect(built).toHaveLength(2);
  });

  it('hands the plan in use to the one that is built', () => {
    const { plans, inherited } = counted();
    plans.planFor(testBackends(1));
    plans.planFor(testBackends(1));
    expect(inherited).toEqual([undefined, 1]);
  });
});
