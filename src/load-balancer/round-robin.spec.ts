import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Backend, Candidates } from '../upstream/backend.js';
import { RoundRobin } from './round-robin.js';
import { describeStrategy, testBackends } from './testing.js';

describeStrategy('round-robin', () => new RoundRobin(), { describe, it }, { weighted: true });

const picks = (strategy: RoundRobin, candidates: Candidates, count: number): Backend[] =>
  Array.from({ length: count }, () => strategy.pick(candidates));

const counts = (candidates: Candidates, picked: readonly Backend[]): number[] =>
  candidates.map(each => picked.filter(one => one === each).length);

const letters = (candidates: Candidates, picked: readonly Backend[]): string =>
  picked.map(each => 'abcdef'[candidates.indexOf(each)]).join('');

describe('round-robin', () => {
  it('takes equal backends in the order of the file', () => {
    const candidates = testBackends(1, 1, 1);
    expect(letters(candidates, picks(new RoundRobin(), candidates, 7))).toBe('abcabca');
  });

  it('spreads a heavy backend over the cycle rather than serving it in one go', () => {
    const candidates = testBackends(4, 1, 1);
    expect(letters(candidates, picks(new RoundRobin(), candidates, 6))).toBe('abaaca');
  });

  it('gives each backend exactly its weight in every cycle', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(weights, weights => {
        const strategy = new RoundRobin();
        const candidates = testBackends(...weights);
        const cycle = weights.reduce((sum, weight) => sum + weight, 0);
        expect(counts(candidates, picks(strategy, candidates, cycle))).toEqual(weights);
        expect(counts(candidates, picks(strategy, candidates, cycle))).toEqual(weights);
      }),
      { numRuns: 50 },
    );
  });

  it('never lets a backend wait much longer than its share requires', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(weights, weights => {
        const candidates = testBackends(...weights);
        const cycle = weights.reduce((sum, weight) => sum + weight, 0);
        const picked = picks(new RoundRobin(), candidates, 3 * cycle);
        for (const each of candidates) {
          const places = picked.flatMap((one, place) => (one === each ? [place] : []));
          const gaps = places.slice(1).map((place, index) => place - (places[index] ?? 0));
          const fair = cycle / each.weight;
          expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * fair + weights.length);
        }
      }),
    );
  });

  it('serves every backend also when the array is replaced before each pick', () => {
    for (const weights of [
      [1, 1, 1],
      [5, 1, 1],
      [1, 1, 1, 10],
    ]) {
      const strategy = new RoundRobin();
      const candidates = testBackends(...weights);
      const cycle = weights.reduce((sum, weight) => sum + weight, 0);
      const picked = Array.from({ length: 100 * cycle }, () => strategy.pick([...candidates]));
      counts(candidates, picked).forEach((count, index) => {
        expect(count / (100 * (weights[index] ?? 0))).toBeGreaterThan(0.5);
      });
    }
  });

  it('goes on in its order after picks among other candidates in between, as for a retry', () => {
    const strategy = new RoundRobin();
    const candidates = testBackends(1, 1, 1);
    const picked: Backend[] = [];
    for (let request = 0; request < 6; request++) {
      picked.push(strategy.pick(candidates));
      strategy.pick(candidates.slice(1) as unknown as Candidates);
    }
    expect(letters(candidates, picked)).toBe('abcabc');
  });
});
