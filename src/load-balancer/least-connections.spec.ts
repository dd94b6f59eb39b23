import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeastConnections } from './least-connections.js';
import { describeStrategy, testBackends } from './testing.js';

describeStrategy('least-connections', () => new LeastConnections(Math.random), { describe, it }, { weighted: true });

describe('least-connections', () => {
  it('always picks a backend with the fewest exchanges for its weight', () => {
    const state = fc.record({ weight: fc.integer({ min: 1, max: 1000 }), inFlight: fc.integer({ min: 0, max: 5000 }) });
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 40 }), states => {
        const candidates = testBackends(...states.map(each => each.weight));
        candidates.forEach((each, index) => (each.inFlight = states[index]?.inFlight ?? 0));
        const picked = new LeastConnections(Math.random).pick(candidates);
        for (const each of candidates) {
          expect(picked.inFlight * each.weight).toBeLessThanOrEqual(each.inFlight * picked.weight);
        }
      }),
    );
  });

  it('shares requests among equally busy backends at any place in the list', () => {
    const candidates = testBackends(1, 1, 1, 1);
    candidates[0].inFlight = 5;
    candidates[2]!.inFlight = 5;
    const strategy = new LeastConnections(Math.random);
    const picked = Array.from({ length: 4_000 }, () => strategy.pick(candidates));
    const counts = candidates.map(each => picked.filter(one => one === each).length);
    expect([counts[0], counts[2]]).toEqual([0, 0]);
    expect(Math.abs((counts[1] ?? 0) - 2_000)).toBeLessThan(250);
  });

  it('draws among equals by the random source', () => {
    const candidates = testBackends(1, 3);
    expect(new LeastConnections(() => 0.24).pick(candidates)).toBe(candidates[0]);
    expect(new LeastConnections(() => 0.26).pick(candidates)).toBe(candidates[1]);
  });
});
