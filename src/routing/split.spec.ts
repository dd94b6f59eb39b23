import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Split } from './split.js';

function take(split: Split, count: number): string[] {
  return Array.from({ length: count }, () => split.next());
}

describe('a split', () => {
  it('spreads the smaller share evenly', () => {
    const split = new Split([
      { upstream: 'a', weight: 5 },
      { upstream: 'b', weight: 1 },
      { upstream: 'c', weight: 1 },
    ]);
    expect(take(split, 7).join('')).toBe('aabacaa');
  });

  it('tells which is next, and stays where it is', () => {
    const split = new Split([
      { upstream: 'a', weight: 2 },
      { upstream: 'b', weight: 2 },
      { upstream: 'c', weight: 1 },
    ]);
    for (let i = 0; i < 20; i++) {
      const { upcoming } = split;
      expect([split.upcoming, split.next()]).toEqual([upcoming, upcoming]);
    }
  });

  it('sends nothing to a weight of 0', () => {
    const split = new Split([
      { upstream: 'a', weight: 0 },
      { upstream: 'b', weight: 3 },
    ]);
    expect(new Set(take(split, 50))).toEqual(new Set(['b']));
  });

  it('is exact over each round, and never far off in between', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 6 }), weights => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        fc.pre(total > 0);
        const split = new Split(weights.map((weight, i) => ({ upstream: `u${i}`, weight })));
        for (let round = 0; round < 2; round++) {
          const counts = new Map<string, number>();
          let farthest = 0;
          for (let n = 1; n <= total; n++) {
            const upstream = split.next();
            counts.set(upstream, (counts.get(upstream) ?? 0) + 1);
            weights.forEach((weight, i) => {
              farthest = Math.max(farthest, Math.abs((counts.get(`u${i}`) ?? 0) - (n * weight) / total));
            });
          }
          expect(farthest).toBeLessThan(weights.length);
          expect(weights.map((_, i) => counts.get(`u${i}`) ?? 0)).toEqual(weights);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each([[[]], [[0, 0]], [[-1, 5]], [[Number.NaN]]])('of the weights %j is refused', weights => {
    expect(() => new Split(weights.map(weight => ({ upstream: 'a', weight })))).toThrow('weights');
  });
});
