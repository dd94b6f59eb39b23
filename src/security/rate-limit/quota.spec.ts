import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CellTable } from '../../shared-memory/cell-table.js';
import { cellOf } from './quota.js';

describe('cellOf', () => {
  it('divides the time among the requests', () => {
    expect(cellOf(100, 1000)).toEqual({ interval: 10_000_000, tolerance: 1_000_000_000 });
    expect(cellOf(100, 1000, 5)).toEqual({ interval: 10_000_000, tolerance: 50_000_000 });
    expect(cellOf(3, 1000)).toEqual({ interval: 333_333_333, tolerance: 999_999_999 });
  });

  it('stays usable at the extremes of what can be configured', () => {
    const longestTimer = 2 ** 31 - 1;
    expect(cellOf(Number.MAX_SAFE_INTEGER, 1)).toEqual({ interval: 1, tolerance: Number.MAX_SAFE_INTEGER });
    expect(cellOf(1, longestTimer, Number.MAX_SAFE_INTEGER).tolerance).toBe(2 ** 61);
  });

  it('admits the same requests as an exact bucket, give or take one, for any times of arrival', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.nat({ max: 50_000_000 })), { maxLength: 60 }),
        (limit, per, burst, arrivals) => {
          const { interval, tolerance } = cellOf(limit, per, burst);
          const clock = { now: 1 };
          const space = new CellTable(CellTable.allocate(16), () => clock.now).space('limit');
          // The exact bucket counts nanoseconds times the limit, so that nothing is rounded.
          const cost = BigInt(per) * 1_000_000n;
          const full = cost * BigInt(burst);
          let tokens = full;
          let [ours, exact] = [0, 0];
          for (const [together, pause] of arrivals) {
            for (let i = 0; i < together; i++) {
              if (space.take('a', interval, tolerance) <= tolerance) ours++;
              if (tokens >= cost) {
                tokens -= cost;
                exact++;
              }
            }
            clock.now += pause;
            const refilled = tokens + BigInt(pause) * BigInt(limit);
            tokens = refilled < full ? refilled : full;
            expect(Math.abs(ours - exact)).toBeLessThanOrEqual(1);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
