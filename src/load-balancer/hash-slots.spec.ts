import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Backend, Candidates } from '../upstream/backend.js';
import { HashSlots } from './hash-slots.js';
import { mix } from './hash.js';
import { testBackend, testBackends } from './testing.js';

const HASHES = Array.from({ length: 5_000 }, (_, index) => mix(index));
const owners = (slots: HashSlots): Backend[] => HASHES.map(hash => slots.ownerOf(hash));
const ids = (slots: HashSlots): string[] => owners(slots).map(each => each.id);
const weights = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 12 });

describe('slots of a hash', () => {
  it('have the same owners for every order of the candidates', () => {
    fc.assert(
      fc.property(weights, weights => {
        const candidates = testBackends(...weights);
        expect(ids(new HashSlots(candidates.toReversed() as unknown as Candidates))).toEqual(
          ids(new HashSlots(candidates)),
        );
      }),
      { numRuns: 12 },
    );
  });

  it('are shared by weight', () => {
    const candidates = testBackends(1, 2, 3, 4);
    const owned = owners(new HashSlots(candidates));
    candidates.forEach((each, index) => {
      const share = owned.filter(one => one === each).length / owned.length;
      expect(Math.abs(share - (index + 1) / 10)).toBeLessThan(0.03);
    });
  });

  it('move only from the backend that leaves, and about its share of them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 30 }), fc.nat(), (count, pick) => {
        const candidates = testBackends(...Array.from({ length: count }, () => 1));
        const left = candidates[pick % count];
        const before = owners(new HashSlots(candidates));
        const after = owners(new HashSlots(candidates.filter(each => each !== left) as unknown as Candidates));
        const moved = before.filter((owner, index) => owner !== after[index]);
        expect(moved.every(owner => owner === left)).toBe(true);
        expect(moved.length / HASHES.length).toBeLessThan(1 / count + 0.04);
      }),
      { numRuns: 20 },
    );
  });

  it('move only to a backend that gains weight, and only from one that loses it', () => {
    const [a, b, c] = testBackends(2, 2, 2) as [Backend, Backend, Backend];
    const before = ids(new HashSlots([a, b, c]));
    const more = ids(new HashSlots([a, testBackend({ ...b, weight: 3 }), c]));
    const less = ids(new HashSlots([a, testBackend({ ...b, weight: 1 }), c]));
    expect(more).not.toEqual(before);
    expect(less).not.toEqual(before);
    before.forEach((owner, index) => {
      if (more[index] !== owner) expect(more[index]).toBe(b.id);
      if (less[index] !== owner) expect(owner).toBe(b.id);
    });
  });

  it('are the same when an earlier table is taken over as when made from nothing', () => {
    const backend = fc.record({
      id: fc.integer({ min: 0, max: 25 }).map(number => `backend-${number}`),
      weight: fc.integer({ min: 1, max: 4 }),
    });
    const set = fc.uniqueArray(backend, { selector: each => each.id, minLength: 1, maxLength: 22 });
    fc.assert(
      fc.property(fc.array(set, { minLength: 2, maxLength: 5 }), sets => {
        let previous: HashSlots | undefined;
        for (const definitions of sets) {
          const candidates = definitions.map(each => testBackend(each)) as unknown as Candidates;
          const slots = new HashSlots(candidates, previous);
          const found = owners(slots);
          expect(found.map(each => each.id)).toEqual(ids(new HashSlots(candidates)));
          expect(found.every(each => candidates.includes(each))).toBe(true);
          previous = slots;
        }
      }),
      { numRuns: 15 },
    );
  });
});
