import { describe, expect, it } from 'vitest';
import { Bystanders, type CoreReading } from '#bench/bystanders';

/** A machine that is read once for each of these. */
function watching(cores: readonly number[], ...readings: readonly CoreReading[]): Bystanders {
  const rest = [...readings];
  return new Bystanders(cores, () => rest.shift() ?? { at: 0, busy: 0, own: 0 });
}

describe('what other programs use of the cores of a run', () => {
  it('is their share of all the time that the cores have', () => {
    const watch = watching([0, 1], { at: 100, busy: 50, own: 10 }, { at: 110, busy: 65, own: 20 });
    expect(watch.takeShare()).toBe(0.25);
  });

  it('is counted from one look to the next', () => {
    const readings = [
      { at: 0, busy: 0, own: 0 },
      { at: 10, busy: 10, own: 0 },
      { at: 20, busy: 20, own: 10 },
    ];
    const watch = watching([0], ...readings);
    expect([watch.takeShare(), watch.takeShare()]).toEqual([1, 0]);
  });

  it('is nothing when the kernel has counted a little more for the run than for its cores', () => {
    expect(watching([0], { at: 0, busy: 0, own: 0 }, { at: 1, busy: 0.5, own: 0.51 }).takeShare()).toBe(0);
  });

  it('is nothing when no cores are watched', () => {
    expect(watching([], { at: 0, busy: 0, own: 0 }, { at: 1, busy: 0, own: 1 }).takeShare()).toBe(0);
  });

  it('is a share on the machine at hand', () => {
    const share = new Bystanders([0]).takeShare();
    expect(share).toBeGreaterThanOrEqual(0);
    expect(share).not.toBe(Number.POSITIVE_INFINITY);
  });
});
