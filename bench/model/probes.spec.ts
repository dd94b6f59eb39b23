import { describe, expect, it } from 'vitest';
import { chanceOf } from '#bench/model/chance';
import { playProbing, type Probing } from '#bench/model/probes';

const probing: Probing = {
  ...{ gateways: 10, backends: 10_000, interval: 5, timeout: 2, unhealthyAfter: 3, death: 'refused' },
};
const play = (changed: Partial<Probing> = {}) => playProbing({ ...probing, ...changed }, chanceOf(31));

describe('probes of many gateways', () => {
  it('load a gateway by its backends, and a backend by its gateways', () => {
    expect(play()).toMatchObject({ sent: 2000, received: 2 });
  });

  it('take a dead backend out after two to three intervals', () => {
    const { average, first, last } = play();
    expect(average).toBeGreaterThan(12);
    expect(average).toBeLessThan(13);
    expect(first).toBeGreaterThan(9);
    expect(last).toBeLessThan(16.5);
    expect([first < average, average < last]).toEqual([true, true]);
  });

  it('take one out that says nothing only after the timeout as well', () => {
    expect(play({ death: 'silent' }).average - play().average).toBeCloseTo(2, 1);
  });

  it('leave the last gateway longer the more gateways there are', () => {
    expect(play({ gateways: 100 }).last).toBeGreaterThan(play({ gateways: 2 }).last + 1);
  });
});
