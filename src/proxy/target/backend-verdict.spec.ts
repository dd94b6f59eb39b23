import { describe, expect, it } from 'vitest';
import { CircuitBreakerConfig, type BreakerFailure } from '../../config/file/circuit-breaker.config.js';
import { errorTable, GatewayError, type ErrorCode } from '../../http/gateway-error.js';
import { failureNames, VerdictRules } from './backend-verdict.js';

const rules = (failOn = new CircuitBreakerConfig().failOn, slowerThan = 5000, compares = false): VerdictRules =>
  new VerdictRules({ failOn, slowerThan, outlier: { enabled: compares } });

describe('how the end of an attempt counts for the circuit', () => {
  it('every fault of a backend has a name in the configuration, and nothing else has one', () => {
    const faults = (Object.keys(errorTable) as ErrorCode[]).filter(code => errorTable[code].source === 'backend');
    expect(Object.keys(failureNames).toSorted()).toEqual(faults.toSorted());
  });

  it.each(Object.keys(errorTable) as ErrorCode[])('%s is a hard failure if it is the fault of the backend', code => {
    const isFault = errorTable[code].source === 'backend';
    const verdict = rules().ofError(new GatewayError(code));
    expect(verdict).toEqual({ outcome: isFault ? 'failure' : 'ignored', kind: 'hard' });
  });

  it.each(['connect-failure', 'reset', 'timeout'] as const)('only %s counts where only that is in failOn', name => {
    for (const [code, own] of Object.entries(failureNames) as [ErrorCode, BreakerFailure][]) {
      const { outcome } = rules([name]).ofError(new GatewayError(code));
      expect([code, outcome]).toEqual([code, own === name ? 'failure' : 'ignored']);
    }
  });

  it('of the statuses only those that say that a backend cannot serve are failures, unless others are listed', () => {
    const soft = { outcome: 'failure', kind: 'soft' };
    const counted = (failOn?: BreakerFailure[]): number[] =>
      [200, 304, 404, 429, 499, 500, 501, 502, 503, 504, 505, 507, 599].filter(status => {
        const verdict = rules(failOn).ofResponse(status, 1);
        if (verdict.outcome === 'failure') expect(verdict).toEqual(soft);
        return verdict.outcome === 'failure';
      });
    expect(counted()).toEqual([502, 503, 504]);
    expect(counted(['5xx'])).toEqual([500, 501, 502, 503, 504, 505, 507, 599]);
    expect(counted([429, 500])).toEqual([429, 500]);
    expect(counted(['reset'])).toEqual([]);
  });

  it('where backends are compared, an answer of 500 counts beside those of the peers, and one about the request does not', () => {
    const kindOf = (status: number, failOn?: BreakerFailure[]): string => {
      const { outcome, kind } = rules(failOn, 5000, true).ofResponse(status, 1);
      return outcome === 'failure' ? kind : outcome;
    };
    expect([200, 404, 500, 501, 503, 507].map(status => kindOf(status))).toEqual([
      ...['success', 'success', 'outlying', 'success', 'soft', 'success'],
    ]);
    expect(kindOf(503, ['reset'])).toBe('outlying');
  });

  it('a late head is a soft failure only where slow is in failOn', () => {
    expect(rules().ofResponse(200, 60_000).outcome).toBe('success');
    const strict = rules(['slow'], 100);
    expect(strict.ofResponse(200, 100).outcome).toBe('success');
    expect(strict.ofResponse(200, 100.5)).toEqual({ outcome: 'failure', kind: 'soft' });
    expect(strict.ofResponse(503, 5).outcome).toBe('success');
  });
});
