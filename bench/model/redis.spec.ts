import { describe, expect, it } from 'vitest';
import { chanceOf } from '#bench/model/chance';
import { meanWait, playAsking, playOutage, type Outage } from '#bench/model/redis';

describe('gateways that ask one server', () => {
  it.each([0.3, 0.6, 0.9])('wait at a use of %d as the formula for a constant service time says', use => {
    const service = 40e-6;
    const asking = { service, rate: use / service };
    const { mean, p99, utilisation } = playAsking({ ...asking, requests: 400_000 }, chanceOf(3));
    expect(utilisation).toBeCloseTo(use);
    expect(mean / meanWait(asking)).toBeGreaterThan(0.9);
    expect(mean / meanWait(asking)).toBeLessThan(1.1);
    expect(p99).toBeGreaterThan(mean);
  });

  it('wait without end where they ask for more than the server has time for', () => {
    expect(meanWait({ rate: 30_000, service: 40e-6 })).toBe(Infinity);
    const { mean } = playAsking({ rate: 30_000, service: 40e-6, requests: 100_000 }, chanceOf(3));
    expect(mean).toBeGreaterThan(0.1);
  });
});

describe('a limit while its server is away', () => {
  const outage: Outage = {
    ...{ gateways: 10, workers: 2, limit: 100, per: 60, demand: 500, seconds: 40 },
    ...{ from: 10, to: 30, onStoreFailure: 'local', kind: 'crash' },
  };
  const play = (changed: Partial<Outage> = {}) => playOutage({ ...outage, ...changed }, chanceOf(5));

  it('lets through what it allows, and no more, while the server is there', () => {
    // 100 at once, and what is refilled in ten seconds.
    expect(play().before).toBe(116);
  });

  it('lets each gateway count for itself: so many times the limit', () => {
    const { during, exact } = play();
    expect(exact).toBeLessThan(40);
    // Each has its whole burst, and a third of the limit more in 20 s.
    expect(during).toBeGreaterThan(10 * 130);
    expect(during).toBeLessThanOrEqual(10 * 134);
  });

  it('lets all through, or none, where it is to', () => {
    expect(play({ onStoreFailure: 'deny' }).during).toBe(0);
    const { during } = play({ onStoreFailure: 'allow' });
    expect(during).toBeGreaterThan(20 * 500 * 0.9);
  });

  it('delays a request only while it is not known that a server that hangs is away', () => {
    expect(play().delayed).toBe(0);
    const { delayed } = play({ kind: 'hang' });
    // Each of 20 threads waits for three commands in vain, and for those that are sent in the 250 ms until it gives the third one up.
    expect(delayed).toBeGreaterThan(20 * 3);
    expect(delayed).toBeLessThan(20 * (3 + 2 * 0.25 * 25));
  });
});
