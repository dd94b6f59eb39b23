import { describe, expect, it } from 'vitest';
import { PowerOfTwoChoices } from './power-of-two-choices.js';
import { describeStrategy, testBackends } from './testing.js';

describeStrategy(
  'power-of-two-choices',
  () => new PowerOfTwoChoices(Math.random),
  { describe, it },
  { weighted: true },
);

describe('power-of-two-choices', () => {
  it('picks the less busy of two backends', () => {
    const candidates = testBackends(1, 1);
    candidates[0].inFlight = 1;
    const strategy = new PowerOfTwoChoices(Math.random);
    for (let i = 0; i < 50; i++) expect(strategy.pick(candidates)).toBe(candidates[1]);
  });

  it('counts what is in flight by weight', () => {
    const candidates = testBackends(4, 1);
    candidates[0].inFlight = 3;
    candidates[1]!.inFlight = 1;
    const strategy = new PowerOfTwoChoices(Math.random);
    for (let i = 0; i < 50; i++) expect(strategy.pick(candidates)).toBe(candidates[0]);
  });

  it('never picks the busiest of many', () => {
    const candidates = testBackends(1, 1, 1, 1, 1);
    candidates[3]!.inFlight = 9;
    const strategy = new PowerOfTwoChoices(Math.random);
    for (let i = 0; i < 500; i++) expect(strategy.pick(candidates)).not.toBe(candidates[3]);
  });

  it('keeps a thousand backends within a few exchanges of each other', () => {
    const candidates = testBackends(...Array.from({ length: 1_000 }, () => 1));
    const strategy = new PowerOfTwoChoices(Math.random);
    for (let i = 0; i < 10_000; i++) {
      const picked = strategy.pick(candidates);
      for (const each of [picked as (typeof candidates)[0]]) each.inFlight++;
    }
    const loads = candidates.map(each => each.inFlight);
    expect(Math.max(...loads)).toBeLessThanOrEqual(15);
  });
});
