import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RetryBudget } from './retry-budget.js';

interface Step {
  readonly kind: 'request' | 'retry' | 'wait';
  readonly milliseconds: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('request', 'retry', 'retry', 'wait'),
  milliseconds: fc.oneof(fc.double({ min: 0, max: 120, noNaN: true }), fc.double({ min: 0, max: 30_000, noNaN: true })),
});

/** How many attempts could be taken at `now`, one after the other. */
function drain(budget: RetryBudget, now: number): number {
  let taken = 0;
  while (taken < 100_000 && budget.take(now)) taken++;
  return taken;
}

describe('the retry budget', () => {
  it('says how many retries it would allow, without taking any', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), fc.double({ min: 0, max: 2, noNaN: true }), (steps, share) => {
        const budget = new RetryBudget(0);
        let now = 0;
        for (const { kind, milliseconds } of steps) {
          if (kind === 'request') budget.deposit(share, now);
          else if (kind === 'retry') budget.take(now);
          else now += milliseconds;
        }
        const left = budget.left(now);
        expect([budget.left(now), drain(budget, now), budget.left(now)]).toEqual([left, left, 0]);
      }),
    );
  });

  /** How many retries are given to a second's worth of traffic at a steady rate in which every request wants one. */
  function steady(rate: number, share: number, gaps: () => number): number {
    const budget = new RetryBudget(0);
    let [now, requests, granted] = [0, 0, 0];
    // The first seconds use up what is there at the start.
    for (const until of [30_000, 150_000]) {
      [requests, granted] = [0, 0];
      for (; now < until; now += (1000 / rate) * gaps()) {
        requests++;
        budget.deposit(share, now);
        if (budget.take(now)) granted++;
      }
    }
    return granted / requests;
  }

  it.each([
    { rate: 300, share: 0.2, most: 0.2 },
    { rate: 50, share: 0.2, most: 0.2 },
    { rate: 20, share: 0.2, most: 0.5 },
    { rate: 1000, share: 0.01, most: 0.01 },
    { rate: 1000, share: 0, most: 0.01 },
    { rate: 5, share: 0.2, most: 1 },
  ])('adds the larger of a share of $share and ten a second at $rate requests a second, not both', facts => {
    const { rate, share, most } = facts;
    const even = steady(rate, share, () => 1);
    expect(even).toBeGreaterThan(most * 0.97);
    expect(even).toBeLessThanOrEqual(most * 1.005);
    let seed = 1;
    // In fits and starts, as clients come: the gaps between them are distributed exponentially.
    const uneven = steady(rate, share, () => -Math.log1p(-(seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647));
    expect(uneven).toBeLessThanOrEqual(most * 1.05);
  });

  it('never gives more than thirty, the share of the requests, and ten a second', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1e7, noNaN: true }),
        fc.array(step, { maxLength: 200 }),
        (share, start, steps) => {
          const budget = new RetryBudget(start);
          let now = start;
          let requests = 0;
          let granted = 0;
          for (const { kind, milliseconds } of steps) {
            if (kind === 'wait') now += milliseconds;
            else if (kind === 'request') {
              requests++;
              budget.deposit(share, now);
            } else if (budget.take(now)) granted++;
            expect(granted).toBeLessThanOrEqual(30 + share * requests + (10 * (now - start)) / 1000 + 1e-6);
          }
          granted += drain(budget, now);
          expect(granted).toBeLessThanOrEqual(30 + share * requests + (10 * (now - start)) / 1000 + 1e-6);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('allows thirty at once from the beginning: enough for a circuit to open, and no more', () => {
    expect(drain(new RetryBudget(5000), 5000)).toBe(30);
  });

  it('allows one retry for every five requests at 20 %', () => {
    const budget = new RetryBudget(0);
    drain(budget, 0);
    // The first fifty pay for the ten that the clock has given.
    const granted = Array.from({ length: 100 }, () => {
      budget.deposit(0.2, 0);
      return budget.take(0);
    });
    expect(granted.filter(Boolean).length).toBeGreaterThanOrEqual(9);
    expect(granted.filter(Boolean).length).toBeLessThanOrEqual(10);
  });

  it('allows ten a second to an upstream without other traffic', () => {
    const budget = new RetryBudget(0);
    drain(budget, 0);
    let granted = 0;
    for (let now = 0; now <= 10_000; now += 10) if (budget.take(now)) granted++;
    expect(granted).toBeGreaterThanOrEqual(98);
    expect(granted).toBeLessThanOrEqual(100);
  });

  it('has about a hundred saved up after an hour of idleness, and no more', () => {
    const budget = new RetryBudget(0);
    const taken = drain(budget, 3_600_000);
    expect(taken).toBeGreaterThanOrEqual(99);
    expect(taken).toBeLessThanOrEqual(100);
  });

  it('forgets what a storm of requests saved up, within a minute', () => {
    const leftAt = (now: number): number => {
      const budget = new RetryBudget(0);
      for (let number = 0; number < 10_000; number++) budget.deposit(1, 0);
      return drain(budget, now);
    };
    expect(leftAt(0)).toBe(10_000);
    expect(leftAt(10_000)).toBeLessThan(10_000 / Math.E + 1);
    expect(leftAt(60_000)).toBeLessThan(100);
  });

  it('is the same however often the clock is looked at', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 51, max: 3000, noNaN: true }), { maxLength: 100 }), waits => {
        const often = new RetryBudget(0);
        const once = new RetryBudget(0);
        for (const budget of [often, once]) for (let number = 0; number < 500; number++) budget.deposit(1, 0);
        let now = 0;
        for (const wait of waits) often.deposit(0, (now += wait));
        once.deposit(0, now);
        expect(Math.abs(drain(often, now) - drain(once, now))).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('gives nothing for requests of a route that does not retry', () => {
    const budget = new RetryBudget(0);
    drain(budget, 0);
    for (let number = 0; number < 1000; number++) budget.deposit(0, 0);
    expect(budget.take(0)).toBe(false);
  });
});
