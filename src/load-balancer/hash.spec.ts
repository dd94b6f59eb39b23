import { describe, expect, it } from 'vitest';
import { hashText, mix } from './hash.js';

describe('the text hash', () => {
  it('gives the same unsigned 32-bit integer for the same text', () => {
    for (const text of ['', 'a', '10.0.0.1:3000', '\u{1f600}']) {
      const hash = hashText(text);
      expect(hashText(text)).toBe(hash);
      expect(hash).toBe(hash >>> 0);
    }
  });

  it('never changes between versions: clients would lose their backends', () => {
    expect([hashText(''), hashText('a'), hashText('192.0.2.1')]).toEqual([2_872_998_923, 444_641_715, 1_941_296_713]);
  });

  it('spreads texts that are alike evenly over its highest bits', () => {
    const buckets = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i++) {
      const bucket = hashText(`10.0.${i >> 8}.${i & 255}`) >>> 28;
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  it('is another one for another seed', () => {
    const same = Array.from({ length: 1_000 }, (_, i) => `id-${i}`).filter(id => hashText(id) === hashText(id, 1));
    expect(same).toEqual([]);
  });

  it('mixes without losing anything', () => {
    const mixed = new Set(Array.from({ length: 10_000 }, (_, i) => mix(i)));
    expect(mixed.size).toBe(10_000);
  });
});
