import { describe, expect, it } from 'vitest';
import { conclude, isWritable, succeeds, type Conclusion, type Watched } from '#bench/conclusion';
import type { Machine } from '#bench/machine';
import type { Findings } from '#bench/parts/scene';

const machine: Machine = {
  ...{ cores: 2, pins: true, node: '26', proxyCore: 0, ownCores: [0, 1] },
  pin: (_role, command) => command,
};

function part(section: string, findings: Partial<Findings> = {}, bystanders = 0.01): Watched {
  return {
    findings: {
      ...{ section, tables: [], circumstances: [], faults: [], noise: [], calibrations: [100, 101, 102], raw: {} },
      ...findings,
    },
    bystanders,
  };
}

const verdict = (ratio: number | undefined, asserted = true): Pick<Findings, 'verdict'> => ({
  verdict: { aim: { peer: 'peer', limit: 1.2 }, asserted, ratio },
});

const outcome = (conclusion: Conclusion, demands: { write?: boolean; assert?: boolean; many?: boolean }): boolean =>
  succeeds(conclusion, { write: false, assert: false, many: false, ...demands });

describe('a run', () => {
  it('may be written when no request failed and the machine was quiet', () => {
    const conclusion = conclude(machine, [part('get-1k'), part('sse')]);
    expect(conclusion).toMatchObject({ faults: [], noise: [] });
    expect(isWritable(conclusion)).toBe(true);
    expect(outcome(conclusion, { write: true, many: true })).toBe(true);
  });

  it.each([
    ['other programs', part('sse', {}, 0.4), /^sse: other programs used 40\.0%/],
    ['rounds that differ', part('sse', { noise: ['the rounds differ'] }), /^sse: the rounds differ$/],
    ['a slower machine than in another part', part('sse', { calibrations: [130, 131, 132] }), /^sse: fixed work/],
  ])('is not written, and fails, because of %s in one of its parts', (_cause, noisy, reason) => {
    const conclusion = conclude(machine, [part('get-1k'), noisy, part('memory', { calibrations: [] })]);
    expect(conclusion.noise).toEqual([expect.stringMatching(reason)]);
    expect(isWritable(conclusion)).toBe(false);
    expect(outcome(conclusion, { write: true, many: true })).toBe(false);
    expect(outcome(conclusion, { many: true })).toBe(false);
    expect(outcome(conclusion, { write: true })).toBe(false);
  });

  it('of one part that is only printed may be noisy', () => {
    expect(outcome(conclude(machine, [part('get-1k', { noise: ['noise'] })]), {})).toBe(true);
  });

  it('is void when requests failed, however it was started', () => {
    const conclusion = conclude(machine, [part('get-1k', { faults: ['ours had 2 errors'] })]);
    expect(conclusion.faults).toEqual(['get-1k: ours had 2 errors']);
    expect(isWritable(conclusion)).toBe(false);
    expect(outcome(conclusion, {})).toBe(false);
  });

  it('on a machine that pins nothing is never written', () => {
    expect(isWritable(conclude({ ...machine, pins: false }, [part('get-1k')]))).toBe(false);
  });

  it('fails by a limit only when it is held to it', () => {
    const dear = conclude(machine, [part('sse', verdict(1.3))]);
    expect(dear.verdicts).toEqual([expect.objectContaining({ section: 'sse', ratio: 1.3, met: false })]);
    expect(outcome(dear, {})).toBe(true);
    expect(outcome(dear, { assert: true })).toBe(false);
    expect(outcome(conclude(machine, [part('sse', verdict(1.2))]), { assert: true })).toBe(true);
    expect(outcome(conclude(machine, [part('get-1m', verdict(1.3, false))]), { assert: true })).toBe(true);
  });

  it('fails by a limit when the peer was not measured', () => {
    expect(outcome(conclude(machine, [part('sse', verdict(undefined))]), { assert: true })).toBe(false);
  });
});
