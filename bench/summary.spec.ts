import { describe, expect, it } from 'vitest';
import { ratio, summarise, type Sample } from '#bench/summary';

function sampleOf(values: Partial<Sample>): Sample {
  return {
    ...{ cpuPerRequest: 10, busy: 1, disturbance: 0, rate: 1000, p50: 1, p99: 2, requests: 100, errors: 0 },
    ...values,
  };
}

describe('the summary of all rounds', () => {
  it('takes the CPU time of the quietest round and the latency of the fastest', () => {
    const samples = [
      sampleOf({ cpuPerRequest: 30, rate: 3000, p50: 3 }),
      sampleOf({ cpuPerRequest: 10, rate: 1000, p50: 1 }),
      sampleOf({ cpuPerRequest: 20, rate: 2000, p50: 2 }),
    ];
    expect(summarise('proxy', '1.0', samples)).toMatchObject({
      ...{ cpuPerRequest: 10, medianCpuPerRequest: 20, rate: 3000, p50: 3, requests: 300 },
    });
  });

  it('keeps the errors of every round', () => {
    expect(summarise('proxy', '1.0', [sampleOf({ errors: 1 }), sampleOf({ errors: 2 })]).errors).toBe(3);
  });

  it('has no ratio to a peer that was not measured', () => {
    const summaries = [
      summarise('ours', '1.0', [sampleOf({})]),
      summarise('peer', '1.0', [sampleOf({ cpuPerRequest: 40 })]),
    ];
    expect(ratio(summaries, 'ours', 'peer')).toBe(0.25);
    expect(ratio(summaries, 'ours', 'absent')).toBeUndefined();
  });
});
