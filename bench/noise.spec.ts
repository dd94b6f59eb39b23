import { describe, expect, it } from 'vitest';
import {
  bystanderNoise,
  calibrationNoise,
  contestNoise,
  disturbanceNoise,
  latenessNoise,
  median,
  pinningNoise,
  spreadNoise,
} from '#bench/noise';
import type { Machine } from '#bench/machine';
import { summarise, type Sample, type Summary } from '#bench/summary';

const quiet: Sample = {
  ...{ cpuPerRequest: 10, busy: 1, disturbance: 0.01, rate: 1000, p50: 1, p99: 2, requests: 100, errors: 0 },
};

function summaryOf(label: string, ...rounds: readonly Partial<Sample>[]): Summary {
  return summarise(
    label,
    '1.0',
    rounds.map(round => ({ ...quiet, ...round })),
  );
}

const machineWith = (pins: boolean): Machine => ({
  ...{ cores: 2, pins, node: '26', proxyCore: pins ? 0 : undefined, ownCores: pins ? [0, 1] : [] },
  pin: (_role, command) => command,
});

describe('the noise of a contest', () => {
  it('is none on a quiet machine', () => {
    const rounds = [{ cpuPerRequest: 10 }, { cpuPerRequest: 10.5 }, { cpuPerRequest: 11 }];
    expect(contestNoise([summaryOf('ours', ...rounds), summaryOf('peer', ...rounds)])).toEqual([]);
  });

  it('is told when other work shared the core even in the best round, with the names of those that it met', () => {
    const best = { cpuPerRequest: 9, disturbance: 0.3 };
    const noise = disturbanceNoise([summaryOf('ours', best, {}), summaryOf('peer', {}, {})]);
    expect(noise).toEqual([expect.stringMatching(/ours \(30\.0%\)/)]);
    expect(noise[0]).not.toMatch(/peer/);
  });

  it('is not told when other work shared the core in a round that does not count', () => {
    const disturbed = { cpuPerRequest: 11, disturbance: 0.9 };
    expect(contestNoise([summaryOf('ours', {}, {}, disturbed)])).toEqual([]);
  });

  it('is told when no other round confirms the best', () => {
    const rounds = [{ cpuPerRequest: 10 }, { cpuPerRequest: 11.5 }, { cpuPerRequest: 11.5 }];
    expect(contestNoise([summaryOf('ours', ...rounds)])).toEqual([expect.stringMatching(/of ours .* 1\.15 times/)]);
    expect(contestNoise([summaryOf('ours', {})])).toHaveLength(1);
  });

  it('is not told when two rounds agree, and others took far more', () => {
    const rounds = [{ cpuPerRequest: 10 }, { cpuPerRequest: 10.9 }, { cpuPerRequest: 20 }, { cpuPerRequest: 30 }];
    expect(contestNoise([summaryOf('ours', ...rounds)])).toEqual([]);
  });

  it('is not told when one round of many took far more', () => {
    const rounds = [{ cpuPerRequest: 10 }, { cpuPerRequest: 10 }, { cpuPerRequest: 90 }];
    expect(contestNoise([summaryOf('ours', ...rounds)])).toEqual([]);
  });
});

describe('the noise of a machine', () => {
  it('shows in what programs outside of the run use', () => {
    expect(bystanderNoise(0.04)).toEqual([]);
    expect(bystanderNoise(0.06)).toEqual([expect.stringMatching(/other programs used 6\.0%/)]);
  });

  it('shows in fixed work that takes longer than it can', () => {
    expect(calibrationNoise([100, 104, 150])).toEqual([]);
    expect(calibrationNoise([100, 120, 121])).toEqual([expect.stringMatching(/1\.20 times/)]);
  });

  it('shows in fixed work that took longer all through one part than in the rest of the run', () => {
    expect(calibrationNoise([130, 130, 130], 100)).toEqual([expect.stringMatching(/1\.30 times/)]);
  });

  it('shows in a load that is not on time', () => {
    expect(latenessNoise('ours', 0.3)).toEqual([]);
    expect(latenessNoise('ours', 4)).toEqual([expect.stringMatching(/ours was sent 4\.00 ms late/)]);
  });

  it('cannot be seen where nothing is pinned to a core, which counts as noise', () => {
    expect(pinningNoise(machineWith(true))).toEqual([]);
    expect(pinningNoise(machineWith(false))).toHaveLength(1);
  });
});

describe('the spread of a figure', () => {
  it('is that of its median over its best', () => {
    expect(spreadNoise('the start', 100, 125)).toEqual([]);
    expect(spreadNoise('the start', 100, 130)).toEqual([expect.stringMatching(/the start differ/)]);
  });

  it('has a median that is the middle value, or the greater one of two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([1, 9])).toBe(9);
  });
});
