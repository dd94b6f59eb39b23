import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isSendable, Resumption } from './resumption.js';

const setup = (random = 1): Resumption => new Resumption({ retry: () => {} }, () => random);

describe('the tries to go on with a stream', () => {
  it('wait longer each time, up to 5 s, and end after ten', () => {
    const waits = Array.from({ length: 11 }, () => 0);
    const resumption = setup();
    expect(waits.map(() => resumption.next(undefined))).toEqual([
      ...[100, 200, 400, 800, 1_600, 3_200],
      ...[5_000, 5_000, 5_000, 5_000, undefined],
    ]);
    expect(setup(0).next(undefined)).toBe(50);
  });

  it('are ten again once an event has come, but wait no less', () => {
    const resumption = setup();
    for (let count = 0; count < 10; count++) resumption.next(undefined);
    resumption.joined();
    resumption.succeeded();
    expect(resumption.next(undefined)).toBe(5_000);
  });

  it('begin anew once a backend has kept the stream up for 5 s', () => {
    const resumption = setup();
    const lostAfter = (ms: number): [number | undefined, boolean] => {
      resumption.joined();
      resumption.succeeded();
      vi.advanceTimersByTime(ms);
      return [resumption.next(undefined), resumption.hasLasted];
    };
    const lost = [100, 4_999, 5_000, 0, 60_000].map(lostAfter);
    expect(lost).toEqual([
      [100, false],
      [200, false],
      [100, true],
      [200, false],
      [100, true],
    ]);
  });

  it('are not taken for a stream that lasts while none of them is answered', () => {
    const resumption = setup();
    vi.advanceTimersByTime(60_000);
    const waits = Array.from({ length: 4 }, () => {
      vi.advanceTimersByTime(60_000);
      return resumption.next(undefined);
    });
    expect(waits).toEqual([100, 200, 400, 800]);
  });

  it('wait as long again when the budget does not allow them yet', () => {
    const retry = vi.fn<() => void>();
    const resumption = new Resumption({ retry }, () => 1);
    for (let count = 0; count < 3; count++) resumption.next(undefined);
    resumption.waitOn();
    vi.advanceTimersByTime(399);
    expect(retry).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(retry).toHaveBeenCalledOnce();
    expect(resumption.next(undefined)).toBe(800);
  });

  it('wait as long as the stream asks, but no longer than a minute', () => {
    expect(setup().next(3_000)).toBe(3_000);
    expect(setup().next(0)).toBe(100);
    expect(setup().next(1e9)).toBe(60_000);
  });

  it('can be given up', () => {
    const retry = vi.fn<() => void>();
    const resumption = new Resumption({ retry }, () => 1);
    resumption.wait(1_000);
    resumption.giveUp();
    vi.advanceTimersByTime(2_000);
    expect(retry).not.toHaveBeenCalled();
    resumption.wait(1_000);
    vi.advanceTimersByTime(1_000);
    expect(retry).toHaveBeenCalledOnce();
  });

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
});

describe('an event id', () => {
  it.each([undefined, '', '42', 'a b', 'Ã¼'])('%j can be sent in a header field', id =>
    expect(isSendable(id)).toBe(true),
  );
  it.each(['\x01', 'a\x7f', '\u{100}'])('%j cannot', id => expect(isSendable(id)).toBe(false));
});
