import { describe, expect, it } from 'vitest';
import { playFleet, type Fleet } from '#bench/model/balance';
import { chanceOf } from '#bench/model/chance';

const fleet: Fleet = {
  ...{ strategy: 'random', backends: 50, gateways: 1, workers: 1 },
  ...{ rate: 1000, takes: 0.2, spread: 'exponential', turns: 'first', seconds: 50 },
};
const play = (changed: Partial<Fleet>) => playFleet({ ...fleet, ...changed }, chanceOf(21));

describe('requests that are dealt out among backends', () => {
  it('are in flight as Little says, and by chance as Poisson does', () => {
    const { deviation, inFlight, inFlightDeviation } = play({});
    expect(inFlight).toBeGreaterThan(3.8);
    expect(inFlight).toBeLessThan(4.2);
    expect(inFlightDeviation).toBeGreaterThan(1.8);
    expect(inFlightDeviation).toBeLessThan(2.2);
    // 1000 for each.
    expect(deviation).toBeGreaterThan(0.02);
    expect(deviation).toBeLessThan(0.045);
  });

  it('come in turn to all backends from one thread, and nearly so from many', () => {
    const one = play({ strategy: 'round-robin' });
    expect(one.most - one.fewest).toBeLessThan(0.002);
    const many = play({ strategy: 'round-robin', gateways: 10, workers: 4, turns: 'any' });
    expect(many.most - many.fewest).toBeGreaterThan(one.most - one.fewest);
    expect(many.most - many.fewest).toBeLessThan(0.03);
  });

  it('come to the first backends alone while each of many threads has had few, when all begin there', () => {
    const few = { strategy: 'round-robin', backends: 1000, gateways: 50, workers: 2, rate: 1000, seconds: 10 } as const;
    const { fewest, most } = play(few);
    expect(fewest).toBe(0);
    expect(most).toBeGreaterThan(8);
    expect(play({ ...few, turns: 'any' }).most).toBeLessThan(3);
  });

  it('are more even when each looks at two backends, and less so the more gateways count for themselves', () => {
    const two = { strategy: 'power-of-two-choices' } as const;
    const [alone, fifty, random] = [play(two), play({ ...two, gateways: 50 }), play({})];
    expect(alone.inFlightDeviation).toBeLessThan(0.6 * random.inFlightDeviation);
    expect(fifty.inFlightDeviation).toBeGreaterThan(0.85 * random.inFlightDeviation);
  });

  it('are most even when the idlest is looked for', () => {
    const least = play({ strategy: 'least-connections' });
    expect(least.inFlightDeviation).toBeLessThan(play({ strategy: 'power-of-two-choices' }).inFlightDeviation);
    expect(least.inFlightMost).toBeLessThan(play({}).inFlightMost);
  });
});
