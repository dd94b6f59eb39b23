import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CellTable } from './cell-table.js';

/** A table on a clock that the test sets. */
function tableAt(start: number, cells?: number) {
  const clock = { now: start };
  const table = new CellTable(CellTable.allocate(cells), () => clock.now);
  return { clock, table };
}

/** How many of `count` requests at one moment are let through. */
function admitted(space: ReturnType<CellTable['space']>, key: string, count: number, interval: number, burst: number) {
  let passed = 0;
  for (let i = 0; i < count; i++) if (space.take(key, interval, burst * interval) <= burst * interval) passed++;
  return passed;
}

describe('CellTable', () => {
  it('lets a burst through at once, then one request for each interval', () => {
    const { clock, table } = tableAt(1_000_000);
    const space = table.space('limit');
    expect(admitted(space, 'a', 20, 100, 5)).toBe(5);
    clock.now += 99;
    expect(admitted(space, 'a', 20, 100, 5)).toBe(0);
    clock.now += 1;
    expect(admitted(space, 'a', 20, 100, 5)).toBe(1);
    clock.now += 350;
    expect(admitted(space, 'a', 20, 100, 5)).toBe(3);
    clock.now += 1e9;
    expect(admitted(space, 'a', 20, 100, 5)).toBe(5);
  });

  it('decides each request like a token bucket with exact numbers', () => {
    const request = fc.record({ pause: fc.integer({ min: 0, max: 5000 }), key: fc.constantFrom('a', 'b') });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(request, { maxLength: 200 }),
        (interval, burst, requests) => {
          const { clock, table } = tableAt(7);
          const space = table.space('limit');
          // The bucket: tokens in nanoseconds of refill, one request costs an interval.
          const full = burst * interval;
          const buckets = new Map<string, { tokens: number; at: number }>();
          for (const { pause, key } of requests) {
            clock.now += pause;
            const bucket = buckets.get(key) ?? { tokens: full, at: clock.now };
            const tokens = Math.min(full, bucket.tokens + clock.now - bucket.at);
            const passes = tokens >= interval;
            buckets.set(key, { tokens: passes ? tokens - interval : tokens, at: clock.now });
            const after = space.take(key, interval, full);
            expect(after <= full).toBe(passes);
            expect(after).toBe(full - tokens + interval);
            expect(space.backlog(key)).toBe(full - (passes ? tokens - interval : tokens));
          }
        },
      ),
    );
  });

  it('counts each key and each namespace for itself', () => {
    const { table } = tableAt(1);
    const one = table.space('one');
    const other = table.space('other');
    expect(one.take('a', 10, 10)).toBe(10);
    expect(one.take('a', 10, 10)).toBe(20);
    expect(one.take('b', 10, 10)).toBe(10);
    expect(other.take('a', 10, 10)).toBe(10);
    expect(table.space('one').take('a', 10, 10)).toBe(20);
  });

  it('takes a request out of the count again', () => {
    const { table } = tableAt(1);
    const space = table.space('limit');
    space.take('a', 10, 30);
    space.take('a', 10, 30);
    space.giveBack('a', 10);
    space.giveBack('never seen', 10);
    expect(space.backlog('a')).toBe(10);
    expect(space.backlog('never seen')).toBe(0);
  });

  it('shares its cells with every table on the same memory', () => {
    const memory = CellTable.allocate(64);
    const now = (): number => 5;
    const here = new CellTable(memory, now).space('limit');
    const there = new CellTable(memory, now).space('limit');
    expect(here.take('a', 10, 20)).toBe(10);
    expect(there.take('a', 10, 20)).toBe(20);
    expect(here.take('a', 10, 20)).toBe(30);
  });

  it('reads one clock in all tables, which goes on', () => {
    const memory = CellTable.allocate(64);
    const second = 1e9;
    expect(new CellTable(memory).space('limit').take('a', 60 * second, 60 * second)).toBe(60 * second);
    const later = new CellTable(memory).space('limit').backlog('a');
    expect(later).toBeGreaterThan(50 * second);
    expect(later).toBeLessThan(60 * second);
  });

  it('reuses the cells of keys whose time has passed, and evicts none', () => {
    const { clock, table } = tableAt(1, 16);
    const space = table.space('limit');
    for (let round = 0; round < 100; round++) {
      for (let key = 0; key < 16; key++) expect(space.take(`${round}/${key}`, 100, 100)).toBe(100);
      clock.now += 100;
    }
    expect(table.evictions).toBe(0);
  });

  it('evicts, when all cells are in use, the key whose cell would be free soonest', () => {
    const { clock, table } = tableAt(1, 16);
    const space = table.space('limit');
    for (let key = 0; key < 16; key++) {
      clock.now += 1;
      expect(space.take(`key ${key}`, 1000, 1000)).toBe(1000);
    }
    expect(space.take('one more', 5000, 5000)).toBe(5000);
    expect(table.evictions).toBe(1);
    expect(space.backlog('key 0')).toBe(0);
    for (let key = 1; key < 16; key++) expect(space.backlog(`key ${key}`)).toBeGreaterThan(0);
  });

  it('keeps holding back a client that floods it with other keys', () => {
    const { table } = tableAt(1, 1024);
    const space = table.space('limit');
    expect(admitted(space, 'attacker', 200, 1000, 100)).toBe(100);
    for (let key = 0; key < 50_000; key++) space.take(`flood ${key}`, 1000, 100_000);
    expect(admitted(space, 'attacker', 10, 1000, 100)).toBe(0);
    expect(table.evictions).toBeGreaterThan(40_000);
  });

  it('holds a table that is half full with hardly an eviction', () => {
    const { table } = tableAt(1, 4096);
    const space = table.space('limit');
    for (let key = 0; key < 2048; key++) space.take(`203.0.113.${key}`, 1000, 1000);
    expect(table.evictions).toBeLessThan(20);
    let kept = 0;
    for (let key = 0; key < 2048; key++) if (space.backlog(`203.0.113.${key}`) > 0) kept++;
    expect(kept).toBe(2048 - table.evictions);
  });

  it('takes intervals and tolerances of any size without overflowing', () => {
    const { clock, table } = tableAt(1);
    const space = table.space('limit');
    const year = 365 * 86_400 * 1e9;
    let passed = 0;
    while (passed < 200 && space.take('a', year, 1e9 * year) <= 1e9 * year) passed++;
    // The time of a cell is at most 73 years ahead.
    expect(space.backlog('a')).toBeLessThanOrEqual(2 ** 61);
    clock.now += 1;
    expect(space.backlog('a')).toBeGreaterThan(70 * year);
  });

  it('refuses memory that is none of its own', () => {
    expect(() => new CellTable(new SharedArrayBuffer(1000))).toThrow(TypeError);
    expect(() => new CellTable(new SharedArrayBuffer(64 + 16 * 12))).toThrow('not the memory of a cell table');
    expect(() => CellTable.allocate(1000)).toThrow(RangeError);
  });
});
