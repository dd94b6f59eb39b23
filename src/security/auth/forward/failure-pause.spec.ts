import { describe, expect, it } from 'vitest';
import { FailurePause } from './failure-pause.js';

function pauseOf() {
  const clock = { now: 0 };
  const pause = new FailurePause(3, 1000, () => clock.now);
  const fail = (): void => {
    expect(pause.tryAsk()).toBe(true);
    pause.settle(false);
  };
  return { clock, pause, fail };
}

describe('a pause after failures', () => {
  it('begins after a few in a row, and ends with the first answer', () => {
    const { clock, pause, fail } = pauseOf();
    for (let i = 0; i < 3; i++) fail();
    expect(pause.tryAsk()).toBe(false);
    clock.now = 999;
    expect(pause.tryAsk()).toBe(false);
    clock.now = 1000;
    expect(pause.tryAsk()).toBe(true);
    expect(pause.tryAsk()).toBe(false);
    pause.settle(true);
    expect([pause.tryAsk(), pause.tryAsk()]).toEqual([true, true]);
  });

  it('begins again when the one that may ask fails too', () => {
    const { clock, pause, fail } = pauseOf();
    for (let i = 0; i < 3; i++) fail();
    clock.now = 1500;
    fail();
    clock.now = 2499;
    expect(pause.tryAsk()).toBe(false);
    clock.now = 2500;
    expect(pause.tryAsk()).toBe(true);
  });

  it('does not begin when there was an answer between the failures', () => {
    const { pause, fail } = pauseOf();
    for (let i = 0; i < 10; i++) {
      fail();
      fail();
      pause.settle(true);
    }
    expect(pause.tryAsk()).toBe(true);
  });
});
