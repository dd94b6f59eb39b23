import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Shortage } from './shortage.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched() {
  const shortage = new Shortage(128);
  const told: string[] = [];
  const end = shortage.watch({
    began: limit => told.push(`began at ${limit}`),
    ended: refused => told.push(`ended after ${refused}`),
  });
  return { shortage, told, end };
}

it('a shortage of descriptors is told once, however many connections are refused', () => {
  const { shortage, told } = watched();
  for (let second = 0; second < 600; second++) {
    shortage.met();
    vi.advanceTimersByTime(1_000);
  }
  expect(told).toEqual(['began at 128']);
});

it('a shortage of descriptors is over when nothing was refused for a minute, and says how many were', () => {
  const { shortage, told } = watched();
  for (let number = 0; number < 3; number++) shortage.met();
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual(['began at 128']);
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual(['began at 128', 'ended after 3']);
  vi.advanceTimersByTime(600_000);
  shortage.met();
  expect(told.slice(2)).toEqual(['began at 128']);
  vi.advanceTimersByTime(120_000);
  expect(told.slice(3)).toEqual(['ended after 1']);
  expect(vi.getTimerCount()).toBe(0);
});

it('a shortage of descriptors is not told to those who have stopped listening', () => {
  const { shortage, told, end } = watched();
  end();
  shortage.met();
  expect(told).toEqual([]);
});
