import type { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BucketRotations } from './bucket-rotations.js';

/** Adds circuits that only count how often they are turned. */
function add(rotations: BucketRotations, window: number, count: number) {
  return Array.from({ length: count }, () => {
    const circuit = { turns: 0, emitter: rotations.of(window), turn: (): void => void circuit.turns++ };
    circuit.emitter.on('rotate', circuit.turn);
    return circuit;
  });
}

type Circuits = ReturnType<typeof add>;
const remove = (circuits: Circuits): void => circuits.forEach(({ emitter, turn }) => emitter.off('rotate', turn));
const turnsOf = (circuits: Circuits): Set<number> => new Set(circuits.map(({ turns }) => turns));

describe('BucketRotations', () => {
  let rotations: BucketRotations;

  beforeEach(() => {
    vi.useFakeTimers();
    rotations = new BucketRotations();
  });

  afterEach(() => {
    rotations.close();
    vi.useRealTimers();
  });

  it('turns every circuit ten times in its window, by one timer for each length', () => {
    const [long, short] = [add(rotations, 10_000, 300), add(rotations, 1_000, 5)];
    expect(vi.getTimerCount()).toBe(2);
    vi.advanceTimersByTime(1_000);
    expect([turnsOf(long), turnsOf(short)]).toEqual([new Set([1]), new Set([10])]);
  });

  it('has no circuit looked for among thousands when one comes or goes', () => {
    const emitters = new Set<EventEmitter>(add(rotations, 10_000, 5_000).map(({ emitter }) => emitter));
    expect(Math.max(...[...emitters].map(each => each.listenerCount('rotate')))).toBeLessThan(100);
  });

  it('turns those that are left when others have gone, and no others', () => {
    const all = add(rotations, 10_000, 300);
    const [gone, left] = [all.slice(0, 200), all.slice(200)];
    remove(gone);
    rotations.prune();
    const late = add(rotations, 10_000, 10);
    vi.advanceTimersByTime(1_000);
    expect([turnsOf(gone), turnsOf(left), turnsOf(late)]).toEqual([new Set([0]), new Set([1]), new Set([1])]);
  });

  it('ends a timer when the last circuit of its length has gone, and begins anew with the next', () => {
    const circuits = add(rotations, 10_000, 100);
    remove(circuits.slice(1));
    rotations.prune();
    expect(vi.getTimerCount()).toBe(1);
    remove(circuits);
    rotations.prune();
    expect(vi.getTimerCount()).toBe(0);
    const next = add(rotations, 10_000, 1);
    vi.advanceTimersByTime(1_000);
    expect(turnsOf(next)).toEqual(new Set([1]));
  });
});
