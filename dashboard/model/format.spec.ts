import { describe, expect, it } from 'vitest';
import { bytes, count, countdown, duration, milliseconds, percent, plural, rate } from './format.js';

describe('the dashboard writes', () => {
  it.each([
    [percent(0), '0 %'],
    [percent(0.0004), '<0.1 %'],
    [percent(0.006), '0.6 %'],
    [percent(0.27), '27 %'],
    [percent(0.9999), '>99 %'],
    [percent(1), '100 %'],
  ])('the share %s', (written, expected) => {
    expect(written).toBe(expected);
  });

  it.each([
    [milliseconds(0.42), '0.4 ms'],
    [milliseconds(132.6), '133 ms'],
    [milliseconds(2_500), '2.5 s'],
    [milliseconds(45_000), '45 s'],
    [milliseconds(84_000), '1.4 min'],
  ])('the time %s', (written, expected) => {
    expect(written).toBe(expected);
  });

  it.each([
    [rate(0), '0.0'],
    [rate(23.71), '23.7'],
    [rate(1_423), '1,423'],
    [rate(12_345), '12.3k'],
    [rate(123_456), '123k'],
    [count(7_407_360), '7,407,360'],
    [bytes(512), '512 B'],
    [bytes(1_434), '1.4 KiB'],
    [bytes(56_623_104), '54 MiB'],
    [plural(1, 'backend'), '1 backend'],
    [plural(1_200, 'backend'), '1,200 backends'],
  ])('the number %s', (written, expected) => {
    expect(written).toBe(expected);
  });

  it.each([
    [duration(400), '0 s'],
    [duration(45_900), '45 s'],
    [duration(11_520_000), '3 h 12 min'],
    [duration(86_400_000), '1 d'],
    [countdown(-5), '1 s'],
    [countdown(7_001), '8 s'],
    [countdown(599_000), '9 min 59 s'],
    [countdown(1_741_000), '30 min'],
  ])('the duration %s', (written, expected) => {
    expect(written).toBe(expected);
  });
});
