import { expect, it } from 'vitest';
import { RestartDelay } from './restart-delay.js';

it('a worker is replaced at once, and later and later while it dies soon', () => {
  const sut = new RestartDelay();
  const delays = Array.from({ length: 10 }, () => sut.next(1_000));
  expect(delays).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

it('a worker that was well for half a minute is replaced at once again', () => {
  const sut = new RestartDelay();
  for (let n = 0; n < 5; n++) sut.next(0);
  expect([sut.next(30_000), sut.next(29_999)]).toEqual([0, 500]);
});
