import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nestsDeeperThan } from './nesting.js';

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

describe('nestsDeeperThan', () => {
  it('counts arrays and objects, and nothing in texts', () => {
    expect(nestsDeeperThan(Buffer.from('[[]]'), 1)).toBe(true);
    expect(nestsDeeperThan(Buffer.from('[{}]'), 2)).toBe(false);
    expect(nestsDeeperThan(Buffer.from('["[[[\\"[[["]'), 1)).toBe(false);
    expect(nestsDeeperThan(Buffer.from('["\\\\",[]]'), 1)).toBe(true);
  });

  it('is right for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 8 }), (value, limit) => {
        expect(nestsDeeperThan(Buffer.from(JSON.stringify(value)), limit)).toBe(depthOf(value) > limit);
      }),
    );
  });

  it('is done with a bomb at its first levels', () => {
    expect(nestsDeeperThan(Buffer.alloc(1_000_000, '['), 100)).toBe(true);
  });
});
