import { describe, expect, it } from 'vitest';
import { nearestName } from './nearest-name.js';

const known = ['round-robin', 'random', 'ip-hash'];

describe('the nearest name', () => {
  it('is found behind a typing error', () => {
    expect(nearestName('round-robbin', known)).toBe('round-robin');
    expect(nearestName('ramdon', known)).toBe('random');
    expect(nearestName('iphash', known)).toBe('ip-hash');
  });

  it('does not mind upper case', () => {
    expect(nearestName('Round-Robin', known)).toBe('round-robin');
  });

  it('is nothing when no name is near', () => {
    expect(nearestName('weighted', known)).toBeUndefined();
    expect(nearestName('x', known)).toBeUndefined();
    expect(nearestName('random', [])).toBeUndefined();
  });
});
