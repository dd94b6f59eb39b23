import { describe, expect, it } from 'vitest';
import { classLabel, statusLabel } from './status-label.js';

describe('the label of a status', () => {
  it('is its number where that is registered, and its class where a backend has made it up', () => {
    const labels = [200, 404, 418, 499, 503, 299, 520, 599, 600, 99, 0, -1, Number.NaN].map(statusLabel);
    expect(labels).toEqual([
      '200',
      '404',
      '418',
      '499',
      '503',
      '2xx',
      '5xx',
      '5xx',
      'other',
      'other',
      'other',
      'other',
      'other',
    ]);
  });

  it('has less than a hundred values', () => {
    const labels = new Set(Array.from({ length: 1_000 }, (_, status) => statusLabel(status)));
    expect(labels.size).toBeLessThan(100);
    expect(labels).toContain('1xx');
  });

  it('of a class fits the same patterns as its numbers', () => {
    for (const status of [500, 503, 520, 599]) {
      expect(statusLabel(status)).toMatch(/^5..$/);
      expect(classLabel(status)).toBe('5xx');
    }
  });
});
