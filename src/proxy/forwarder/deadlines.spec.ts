import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadlines, type Timed } from './deadlines.js';

describe('deadlines', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const timed = (deadline: number): Timed & { calls: number } => ({
    deadline,
    slot: -1,
    calls: 0,
    late() {
      this.calls++;
    },
  });

  it('tells once which one is late, and does not tell the others', () => {
    const deadlines = new Deadlines();
    const [short, long, none] = [timed(performance.now() + 100), timed(performance.now() + 1000), timed(0)];
    for (const each of [short, long, none]) deadlines.watch(each);
    vi.advanceTimersByTime(90);
    expect(short.calls).toBe(0);
    vi.advanceTimersByTime(400);
    expect([short.calls, long.calls, none.calls]).toEqual([1, 0, 0]);
  });

  it('follows a deadline that moves, and forgets what has ended', () => {
    const deadlines = new Deadlines();
    const [moved, ended] = [timed(performance.now() + 100), timed(performance.now() + 100)];
    deadlines.watch(moved);
    deadlines.watch(ended);
    deadlines.forget(ended);
    moved.deadline += 500;
    vi.advanceTimersByTime(550);
    expect([moved.calls, ended.calls]).toEqual([0, 0]);
    vi.advanceTimersByTime(100);
    expect(moved.calls).toBe(1);
  });

  it('watches the rest when any of them is forgotten, twice even', () => {
    const deadlines = new Deadlines();
    const all = [1, 2, 3, 4, 5].map(() => timed(performance.now() + 100));
    for (const each of all) deadlines.watch(each);
    for (const gone of [all[0]!, all[4]!, all[2]!, all[2]!]) deadlines.forget(gone);
    deadlines.watch(all[1]!);
    vi.advanceTimersByTime(200);
    expect(all.map(each => each.calls)).toEqual([0, 1, 0, 1, 0]);
  });

  it('looks as often as it is told to', () => {
    const deadlines = new Deadlines(1_000);
    const one = timed(performance.now() + 100);
    deadlines.watch(one);
    vi.advanceTimersByTime(900);
    expect(one.calls).toBe(0);
    vi.advanceTimersByTime(100);
    expect(one.calls).toBe(1);
  });

  it('keeps no timer while there is nothing to watch', () => {
    const deadlines = new Deadlines();
    const one = timed(0);
    deadlines.watch(one);
    deadlines.forget(one);
    vi.advanceTimersByTime(60);
    expect(vi.getTimerCount()).toBe(0);
    deadlines.watch(one);
    expect(vi.getTimerCount()).toBe(1);
  });
});
