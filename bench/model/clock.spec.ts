import { describe, expect, it } from 'vitest';
import { chanceOf } from '#bench/model/chance';
import { Clock } from '#bench/model/clock';

describe('the clock of a simulation', () => {
  it('has things happen in the order of their time, and those of one time as they were planned', () => {
    const clock = new Clock();
    const happened: string[] = [];
    const note = (name: string) => () => void happened.push(`${name} at ${clock.now}`);
    clock.after(2, note('late'));
    clock.after(1, note('first'));
    clock.after(1, () => {
      note('second')();
      clock.after(0.5, note('what follows'));
    });
    clock.run();
    expect(happened).toEqual(['first at 1', 'second at 1', 'what follows at 1.5', 'late at 2']);
  });

  it('keeps the order of thousands', () => {
    const clock = new Clock();
    const chance = chanceOf(7);
    const times: number[] = [];
    for (let event = 0; event < 5000; event++) clock.after(chance(), () => times.push(clock.now));
    clock.run();
    expect(times).toHaveLength(5000);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('stops at a time, and goes on from there', () => {
    const clock = new Clock();
    let count = 0;
    clock.after(1, () => count++);
    clock.after(3, () => count++);
    clock.run(2);
    expect([count, clock.now]).toEqual([1, 2]);
    clock.run();
    expect([count, clock.now]).toEqual([2, 3]);
  });
});
