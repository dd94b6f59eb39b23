import { describe, expect, it } from 'vitest';
import { chanceOf } from '#bench/model/chance';
import { playStorm, type Storm } from '#bench/model/reconnection';

const storm: Storm = {
  ...{ clients: 5000, gateways: 5, workers: 2, handshake: 0.002, busy: 0.5 },
  ...{ spread: 0, patience: 60, pause: 1, longestPause: 30, backlog: 4096, end: 600 },
};
const play = (changed: Partial<Storm> = {}) => playStorm({ ...storm, ...changed }, chanceOf(11));

describe('clients that come back after the death of a gateway', () => {
  it('are all back after as long as the workers need, when they wait for it', () => {
    const { all, dropped, peakRate, wasted } = play();
    // 5000 × 2 ms at half of ten workers' time: 2 s, and more where chance has sent more clients.
    expect(all).toBeGreaterThan(2);
    expect(all).toBeLessThan(2.4);
    expect(peakRate).toBeLessThanOrEqual(2500);
    expect([wasted, dropped]).toEqual([0, 0]);
  });

  it('make work in vain when they give up before their turn, and are back later', () => {
    const impatient = play({ patience: 0.5 });
    expect(impatient.wasted).toBeGreaterThan(500);
    expect(impatient.all).toBeGreaterThan(play().all);
  });

  it('make no queue when they come over a longer time than the workers need', () => {
    const calm = play({ spread: 10 });
    expect(calm.longestQueue).toBeLessThan(30);
    expect(calm.longestQueue).toBeLessThan(play().longestQueue / 10);
    expect(calm.most).toBeGreaterThan(9);
  });

  it('find a full backlog, and knock again', () => {
    const { all, dropped } = play({ backlog: 100 });
    expect(dropped).toBeGreaterThan(1000);
    expect(all).toBeGreaterThan(play().all);
  });

  it('do not come back while they give up faster than the workers can serve them, and ask again too soon', () => {
    const { all, wasted } = play({ clients: 10_000, gateways: 1, patience: 1, longestPause: 2, end: 40 });
    expect(all).toBe(Infinity);
    expect(wasted).toBeGreaterThan(10_000);
  });

  it('come back in the same way for the same seed', () => {
    expect(play({ patience: 0.5 })).toEqual(play({ patience: 0.5 }));
    expect(playStorm({ ...storm, patience: 0.5 }, chanceOf(12))).not.toEqual(play({ patience: 0.5 }));
  });
});
