import { describe, expect, it } from 'vitest';
import { LoopDelay, measuredEvery } from './loop-delay.js';

/** A delay and a loop whose turns the test makes: each calls the timer as late as it says. */
function loop() {
  let now = 1000;
  const delay = new LoopDelay(now);
  const turn = (late = 0): number => {
    now += measuredEvery + late;
    delay.measure(now);
    return delay.at(now);
  };
  return { delay, turn, after: (milliseconds: number) => delay.at(now + milliseconds) };
}

describe('the delay of the event loop', () => {
  it('is none while its timer is called in time', () => {
    const { turn, after } = loop();
    expect([turn(), turn(), after(measuredEvery)]).toEqual([0, 0, 0]);
  });

  it('is seen before the timer is called, as soon as that is overdue', () => {
    const { after, turn } = loop();
    turn();
    expect([after(measuredEvery + 30), after(measuredEvery + 300)]).toEqual([30, 300]);
    expect(turn(300)).toBe(300);
  });

  it('stands for some measurements behind a long one, and a longer one takes its place', () => {
    const { turn } = loop();
    turn(200);
    expect([turn() > 100, turn() > 100, turn(500)]).toEqual([true, true, 500]);
  });

  it.each([50, 1000, 60_000, 3_600_000])('of %d ms is below 20 ms within a second', long => {
    const { turn } = loop();
    turn(long);
    let measurements = 0;
    while (turn() > 20) measurements++;
    expect(measurements).toBeGreaterThan(1);
    expect(measurements * measuredEvery).toBeLessThan(1200);
  });
});
