import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from './random.js';
import { describeStrategy, testBackends } from './testing.js';
import { WeightedSampler } from './weighted-sampler.js';

describeStrategy('random', () => new Random(Math.random), { describe, it }, { weighted: true });

describe('random', () => {
  it('picks by the number of the random source', () => {
    const candidates = testBackends(1, 1, 1, 1);
    let drawn = 0;
    const strategy = new Random(() => drawn);
    for (const [number, index] of [
      [0, 0],
      [0.25, 1],
      [0.5, 2],
      [0.999_999, 3],
    ] as const) {
      drawn = number;
      expect(strategy.pick(candidates)).toBe(candidates[index]);
    }
  });

  it('gives every weight its exact share of the random numbers', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(weights, weights => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        // As many numbers as a multiple of both the places of the table and the weights: no rounding.
        const steps = total * weights.length;
        let step = 0;
        const sampler = new WeightedSampler(testBackends(...weights), () => (step++ + 0.5) / steps);
        const counts = weights.map(() => 0);
        for (let i = 0; i < steps; i++) {
          const drawn = sampler.draw();
          counts[drawn] = (counts[drawn] ?? 0) + 1;
        }
        expect(counts).toEqual(weights.map(weight => weight * weights.length));
      }),
      { numRuns: 50 },
    );
  });

  it('draws another one than the first for any weights', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(
        weights,
        fc.infiniteStream(fc.double({ min: 0, max: 0.999_999, noNaN: true })),
        (weights, numbers) => {
          const sampler = new WeightedSampler(testBackends(...weights), () => numbers.next().value as number);
          for (let i = 0; i < 20; i++) {
            const first = sampler.draw();
            const other = sampler.drawOther(first);
            expect(other).not.toBe(first);
            expect(weights[other]).toBeDefined();
          }
        },
      ),
    );
  });
});
