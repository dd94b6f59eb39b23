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
  it('never gives more than ten, the share of the requests, and ten a second', () => {
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
            expect(granted).toBeLessThanOrEqual(10 + share * requests + (10 * (now - start)) / 1000 + 1e-6);
          }
          granted += drain(budget, now);
          expect(granted).toBeLessThanOrEqual(10 + share * requests + (10 * (now - start)) / 1000 + 1e-6);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('allows ten at once from the beginning, and no eleventh', () => {
    expect(drain(new RetryBudget(5000), 5000)).toBe(10);
  });

  it('allows one retry for every five requests at 20 %', () => {
    const budget = new RetryBudget(0);
    drain(budget, 0);
    const granted = Array.from({ length: 50 }, () => {
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
    const budget = new RetryBudget(0);
    for (let number = 0; number < 10_000; number++) budget.deposit(1, 0);
    expect(budget.available).toBe(10_010);
    budget.deposit(0, 10_000);
    expect(budget.available).toBeLessThan(10_010 / Math.E + 100);
    budget.deposit(0, 60_000);
    expect(budget.available).toBeLessThan(130);
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
        expect(Math.abs(often.available - once.available)).toBeLessThanOrEqual(1);
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
