import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { allocateBeats, Heartbeat, HeartbeatWatch } from './heartbeat.js';

/** A watch that looks every half second, at a thread that beats when it is told to. */
function watched(patience = 5_000) {
  const memory = allocateBeats(3);
  let now = 0;
  const sut = new HeartbeatWatch(memory, 1, patience, () => now);
  return {
    sut,
    beat: (thread = 1) => void Atomics.add(new Int32Array(memory), thread, 1),
    /** What the watch says after so many milliseconds. */
    look: (milliseconds = 500) => {
      now += milliseconds;
      return sut.isStuck();
    },
  };
}

describe('the heartbeat of a thread', () => {
  it('is one for each thread', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const memory = allocateBeats(3);
    new Heartbeat(memory, 2).begin();
    vi.advanceTimersByTime(1_600);
    expect([...new Int32Array(memory)]).toEqual([0, 0, 3]);
  });
});

describe('a thread is taken for stuck', () => {
  it('when it has not beaten for as long as the watch is patient', () => {
    const { beat, look } = watched();
    beat();
    look();
    const looks = Array.from({ length: 10 }, () => (beat(2), look()));
    expect(looks).toEqual([...new Array<boolean>(9).fill(false), true]);
  });

  it('not while it beats, however slowly', () => {
    const { beat, look } = watched();
    for (let n = 0; n < 40; n++) {
      if (n % 9 === 0) beat();
      expect(look()).toBe(false);
    }
  });

  it('not when the whole process was suspended, and only if it does not go on afterwards', () => {
    const { look } = watched();
    for (let n = 0; n < 9; n++) look();
    expect(look(3_600_000)).toBe(false);
    expect(Array.from({ length: 10 }, () => look()).indexOf(true)).toBe(9);
  });

  it('not for a silence that had a reason', () => {
    const { sut, look } = watched();
    for (let n = 0; n < 9; n++) look();
    sut.renew();
    expect(Array.from({ length: 10 }, () => look()).indexOf(true)).toBe(9);
  });
});
