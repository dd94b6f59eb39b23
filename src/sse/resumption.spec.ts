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

  it('begin anew once an event has come', () => {
    const resumption = setup();
    for (let count = 0; count < 10; count++) resumption.next(undefined);
    resumption.succeeded();
    expect(resumption.next(undefined)).toBe(100);
  });

  it('wait as long as the stream asks, but no longer than a minute', () => {
    expect(setup().next(3_000)).toBe(3_000);
    expect(setup().next(0)).toBe(100);
    expect(setup().next(1e9)).toBe(60_000);
  });

  it('can be given up', () => {
    const retry = vi.fn<() => void>();
    const resumption = new Resumption({ retry });
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
