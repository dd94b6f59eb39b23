import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UnreadAnswers, type HeldAnswer } from './unread-answers.js';

describe('answers whose clients do not read', () => {
  let heard: string[];
  let waiting: number;
  beforeEach(() => {
    heard = [];
    waiting = 0;
    vi.useFakeTimers();
  });
  afterEach(() => void vi.useRealTimers());

  const answer = (name: string, memory: boolean): HeldAnswer => ({
    readOn: () => {
      if (memory) heard.push(`${name} reads on`);
      return memory;
    },
    cut: () => {
      heard.push(`${name} is cut`);
      waiting--;
    },
  });

  it('are left alone while they hold no more than their share, even when others wait', () => {
    const unread = new UnreadAnswers(2, () => waiting);
    unread.paused(answer('a', true));
    unread.paused(answer('b', false));
    waiting = 5;
    unread.othersWait();
    vi.advanceTimersByTime(60_000);
    expect([heard, unread.size]).toEqual([[], 2]);
  });

  it('are read on into memory, the oldest first, when they hold more', () => {
    const unread = new UnreadAnswers(2, () => waiting);
    for (const name of ['a', 'b', 'c', 'd']) unread.paused(answer(name, true));
    vi.advanceTimersByTime(1);
    expect([heard, unread.size]).toEqual([['a reads on', 'b reads on'], 2]);
  });

  it('are not cut while none waits for their places', () => {
    const unread = new UnreadAnswers(1, () => waiting);
    for (const name of ['a', 'b', 'c']) unread.paused(answer(name, false));
    vi.advanceTimersByTime(60_000);
    expect([heard, unread.size]).toEqual([[], 3]);
  });

  it('are cut when there is no memory for them and others have waited, as many as wait, and no more than are too many', () => {
    const unread = new UnreadAnswers(1, () => waiting);
    for (const name of ['a', 'b', 'c']) unread.paused(answer(name, false));
    vi.advanceTimersByTime(1);
    waiting = 1;
    unread.othersWait();
    vi.advanceTimersByTime(1_900);
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(350);
    expect(heard).toEqual(['a is cut']);
    waiting = 9;
    unread.othersWait();
    vi.advanceTimersByTime(500);
    expect([heard, unread.size]).toEqual([['a is cut', 'b is cut'], 1]);
  });

  it('are spared when their clients read again, or they are over', () => {
    const unread = new UnreadAnswers(1, () => waiting);
    const [a, b, c] = [answer('a', false), answer('b', false), answer('c', false)];
    for (const each of [a, b, c]) unread.paused(each);
    vi.advanceTimersByTime(1);
    waiting = 3;
    unread.othersWait();
    unread.flows(a);
    unread.flows(b);
    vi.advanceTimersByTime(10_000);
    expect([heard, unread.size]).toEqual([[], 1]);
  });
});
