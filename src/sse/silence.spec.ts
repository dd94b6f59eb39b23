import { describe, expect, it } from 'vitest';
import { Silence } from './silence.js';

describe('a stream on which nothing passes', () => {
  it('has a heartbeat due so many milliseconds after the last byte for its client', () => {
    const silence = new Silence({ heartbeat: 100, idleTimeout: 0 }, 1_000);
    expect([silence.isBeatDue(1_099, 1_000), silence.isBeatDue(1_100, 1_000)]).toEqual([false, true]);
    expect(silence.next(1_050, 1_000, true)).toBe(1_100);
    expect(silence.isBroken(1e9)).toBe(false);
  });

  it('is broken so many milliseconds after the last byte from its backend', () => {
    const silence = new Silence({ heartbeat: 0, idleTimeout: 100 }, 1_000);
    expect([silence.isBroken(1_099), silence.isBroken(1_100)]).toEqual([false, true]);
    silence.heard(1_050);
    expect([silence.isBroken(1_149), silence.isBroken(1_150)]).toEqual([false, true]);
    expect(silence.next(1_060, 1_000, true)).toBe(1_150);
    expect(silence.isBeatDue(1e9, 0)).toBe(false);
  });

  it('is looked at when the first of the two is due', () => {
    const silence = new Silence({ heartbeat: 200, idleTimeout: 100 }, 1_000);
    expect(silence.next(1_000, 1_000, true)).toBe(1_100);
    expect(silence.next(1_000, 1_000, false)).toBe(1_200);
    expect(silence.next(1_000, undefined, true)).toBe(1_100);
  });

  it('is not looked at where nothing may be written and no backend is waited for, or nothing is asked', () => {
    expect(new Silence({ heartbeat: 200, idleTimeout: 100 }, 1_000).next(1_000, undefined, false)).toBe(0);
    expect(new Silence({ heartbeat: 0, idleTimeout: 0 }, 1_000).next(1_000, 1_000, true)).toBe(0);
  });

  it('is looked at at once when something is due already', () => {
    const silence = new Silence({ heartbeat: 100, idleTimeout: 0 }, 1_000);
    expect(silence.next(1_500, 1_000, true)).toBe(1_500);
  });
});
