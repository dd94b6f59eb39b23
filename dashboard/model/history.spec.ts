import { describe, expect, it } from 'vitest';
import type { SecondView } from '../../src/admin/api/views.js';
import { History } from './history.js';

const statuses = { '1xx': 1, '2xx': 2, '3xx': 3, '4xx': 4, '5xx': 5 };
const second = (at: number, requests = at): SecondView => ({
  time: new Date(at * 1_000).toISOString(),
  requests,
  failed: 0,
  statuses,
});
const minute = (last: number) => Array.from({ length: 60 }, (_, index) => second(last - 59 + index));

describe('the history of a page', () => {
  it('is at first the minute that the gateway tells', () => {
    const history = new History();
    history.add(minute(1_000));
    const { broken, moved, p50, requests, times } = history.columns(300);
    expect([times.length, times[0], times.at(-1), requests.at(-1)]).toEqual([60, 941, 1_000, 1_000]);
    expect([moved[0], broken[0], p50[0]]).toEqual([4, 5, null]);
  });

  it('grows with each status, up to the span that is asked for', () => {
    const history = new History();
    for (let last = 1_000; last <= 1_400; last += 30) history.add(minute(last));
    expect(history.columns(900).times[0]).toBe(941);
    expect(history.columns(300).times).toHaveLength(300);
    expect(history.columns(300).requests).not.toContain(null);
  });

  it('shows what it has not heard of as a gap', () => {
    const history = new History();
    history.add(minute(1_000));
    history.add(minute(1_100));
    const { requests, times } = history.columns(300);
    expect(times).toHaveLength(160);
    expect(requests.filter(each => each === null)).toHaveLength(40);
  });

  it('believes the later count of a second', () => {
    const history = new History();
    history.add([second(1_000, 7)]);
    history.add([second(1_000, 9)]);
    expect(history.columns(60).requests.at(-1)).toBe(9);
  });

  it('keeps fifteen minutes, and no more', () => {
    const history = new History();
    for (let last = 1_000; last <= 4_000; last += 60) history.add(minute(last));
    expect(history.size).toBe(900);
  });

  it('follows a clock that was set back', () => {
    const history = new History();
    history.add(minute(9_000));
    history.add(minute(1_000));
    expect([history.last, history.size]).toEqual([1_000, 60]);
  });
});
