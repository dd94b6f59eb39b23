import { describe, expect, it } from 'vitest';
import { RetriesConfig, type RetryCondition } from '../../config/file/retries.config.js';
import { errorTable, GatewayError, type ErrorCode } from '../../http/gateway-error.js';
import { LatencyWindow } from '../target/latency-window.js';
import { RetryPolicy, type TriedRequest } from './retry-policy.js';
import type { Target } from '../target/target.js';

type Body = 'none' | 'replayable' | 'let go';

interface Facts {
  readonly method?: string;
  readonly body?: Body;
  readonly retries?: number;
  readonly staleAttempts?: number;
}

/** As much of an exchange as a policy asks for. */
function exchangeOf({ method = 'GET', body = 'none', retries = 0, staleAttempts = 0 }: Facts) {
  const held = body === 'none' ? undefined : ({ replayable: body === 'replayable' } as TriedRequest['body']);
  return { method, body: held, retries, staleAttempts, tie: undefined, upgrade: undefined };
}

const policyOf = (settings: Partial<RetriesConfig> = {}, random = Math.random): RetryPolicy =>
  new RetryPolicy({ ...new RetriesConfig(), ...settings }, random);

const methods = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'POST', 'PATCH', 'QUERY'];
const idempotent = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'];
const bodies: readonly Body[] = ['none', 'replayable', 'let go'];
const conditions: readonly (readonly RetryCondition[])[] = [
  [],
  ['connect-failure'],
  ['reset'],
  ['timeout'],
  ['5xx', 429],
  ['connect-failure', 'reset', 502, 503, 504],
  ['connect-failure', 'reset', 'timeout', '5xx'],
];

/** The rows that may be followed by another attempt: the condition, and whether the method must be one that may be sent twice. */
const retried: Partial<Record<ErrorCode, { readonly condition: RetryCondition; readonly anyMethod: boolean }>> = {
  CONNECT_FAILED: { condition: 'connect-failure', anyMethod: true },
  CONNECT_TIMEOUT: { condition: 'connect-failure', anyMethod: true },
  HEAD_TIMEOUT: { condition: 'timeout', anyMethod: false },
  RESET: { condition: 'reset', anyMethod: false },
};

describe.each(Object.keys(errorTable) as ErrorCode[])('an attempt that ended with %s', code => {
  const error = new GatewayError(code);
  const row = retried[code];

  it.each(conditions.map(on => [on]))('is followed by another as the table and `on` %j say', on => {
    const policy = policyOf({ on: [...on] });
    for (const method of methods) {
      for (const body of bodies) {
        const may =
          row !== undefined &&
          on.includes(row.condition) &&
          body !== 'let go' &&
          (row.anyMethod || idempotent.includes(method));
        expect([method, body, policy.afterError(exchangeOf({ method, body }), error, false)]).toEqual([
          method,
          body,
          may ? row.condition : undefined,
        ]);
      }
    }
  });

  it('is not followed by another once all are used up, or where there are none', () => {
    const on: RetryCondition[] = ['connect-failure', 'reset', 'timeout', '5xx'];
    for (const attempts of [0, 1, 2, 10]) {
      const policy = policyOf({ on, attempts, methods: 'all' });
      expect(policy.afterError(exchangeOf({ retries: attempts }), error, false)).toBeUndefined();
      if (attempts === 0 || row === undefined) continue;
      expect(policy.afterError(exchangeOf({ retries: attempts - 1 }), error, false)).toBe(row.condition);
    }
  });
});

describe('the methods that may be sent twice', () => {
  const reset = new GatewayError('RESET');
  const passed = (settings: Partial<RetriesConfig>): string[] =>
    methods.filter(method => policyOf(settings).afterError(exchangeOf({ method }), reset, false) !== undefined);

  it('are the idempotent ones', () => {
    expect(passed({})).toEqual(idempotent);
  });

  it('are all, or those of a list, where the configuration says so', () => {
    expect(passed({ methods: 'all' })).toEqual(methods);
    expect(passed({ methods: ['POST', 'QUERY'] })).toEqual(['POST', 'QUERY']);
  });
});

describe('an attempt that met a connection that was just being closed', () => {
  const reset = new GatewayError('RESET');
  const after = (facts: Facts, settings: Partial<RetriesConfig> = {}): string | undefined =>
    policyOf({ attempts: 0, on: [], ...settings }).afterError(exchangeOf(facts), reset, true);

  it('is followed by another with every method, when the request has no body', () => {
    for (const method of methods) expect([method, after({ method })]).toEqual([method, 'stale']);
  });

  it('is followed by another with a body that is still held, for methods that may be sent twice', () => {
    for (const method of methods) {
      expect(after({ method, body: 'replayable' })).toBe(idempotent.includes(method) ? 'stale' : undefined);
      expect(after({ method, body: 'let go' })).toBeUndefined();
    }
    expect(after({ method: 'POST', body: 'replayable' }, { methods: 'all' })).toBe('stale');
  });

  it('is so at most three times, and then counts as any other reset', () => {
    expect([0, 1, 2, 3, 4].map(staleAttempts => after({ staleAttempts }))).toEqual([
      'stale',
      'stale',
      'stale',
      undefined,
      undefined,
    ]);
    const on: RetryCondition[] = ['reset'];
    expect(after({ staleAttempts: 3 }, { attempts: 1, on })).toBe('reset');
    expect(after({ staleAttempts: 3, method: 'POST' }, { attempts: 1, on })).toBeUndefined();
  });
});

describe('an attempt that was answered', () => {
  const passed = (on: RetryCondition[], facts: Facts = {}): number[] => {
    const statuses = [400, 404, 408, 429, 499, 500, 501, 502, 503, 504, 599];
    return statuses.filter(status => policyOf({ on }).afterStatus(exchangeOf(facts), status) === 'status');
  };

  it('is followed by another for the statuses that are listed', () => {
    expect(passed(new RetriesConfig().on)).toEqual([502, 503, 504]);
    expect(passed([429])).toEqual([429]);
    expect(passed(['5xx'])).toEqual([500, 501, 502, 503, 504, 599]);
    expect(passed(['connect-failure', 'reset', 'timeout'])).toEqual([]);
  });

  it('is never for a method that may not be sent twice, nor for a body that was let go', () => {
    for (const method of methods) {
      expect(passed([503], { method })).toEqual(idempotent.includes(method) ? [503] : []);
      expect(passed([503], { method, body: 'let go' })).toEqual([]);
    }
    expect(passed([503], { method: 'PUT', body: 'replayable' })).toEqual([503]);
    expect(policyOf({ methods: ['POST'] }).afterStatus(exchangeOf({ method: 'POST' }), 503)).toBe('status');
  });

  it('is not once all attempts are used up', () => {
    expect(passed([503], { retries: 2 })).toEqual([]);
    expect(policyOf({ attempts: 0 }).afterStatus(exchangeOf({}), 503)).toBeUndefined();
  });
});

describe('the wait before another attempt', () => {
  it('lies anywhere between nothing and a base that doubles with each', () => {
    for (const [retries, most] of [
      [0, 25],
      [1, 50],
      [2, 100],
      [9, 12_800],
    ] as const) {
      expect(policyOf({}, () => 0).backoff(exchangeOf({ retries }))).toBe(0);
      expect(policyOf({}, () => 0.5).backoff(exchangeOf({ retries }))).toBe(most / 2);
      const longest = policyOf({}, () => 1 - 2 ** -53).backoff(exchangeOf({ retries }));
      expect(longest).toBeGreaterThan(most * 0.999);
      expect(longest).toBeLessThanOrEqual(most);
    }
  });

  it('is nothing without a base', () => {
    expect(policyOf({ backoff: 0 }, () => 1).backoff(exchangeOf({ retries: 5 }))).toBe(0);
  });
});

describe('what a policy asks of others', () => {
  it('gives the budget its share only where it may be used', () => {
    expect(policyOf().share).toBe(0.2);
    expect(policyOf({ attempts: 0 }).share).toBe(0);
    expect(policyOf({ attempts: 0, hedgeAfter: 50 }).share).toBe(0.2);
    expect(policyOf({ attempts: 0, hedgeAfter: 'p95' }).share).toBe(0.2);
  });

  it('keeps bodies only where they may be sent again', () => {
    expect(policyOf().hold).toBe(65_536);
    expect(policyOf({ bufferRequest: 10 }).hold).toBe(10);
    expect(policyOf({ attempts: 0 }).hold).toBe(0);
  });

  it('limits an attempt by what is left, and by tryTimeout where that is less', () => {
    const limits = [0, 100, 1000, Infinity, -5].map(left => policyOf().limit(left));
    // 0 and Infinity are no limit; what has run out is not "no limit".
    expect(limits).toEqual([0, 100, 1000, 0, 1]);
    const tried = [0, 100, 1000, Infinity, -5].map(left => policyOf({ tryTimeout: 500 }).limit(left));
    expect(tried).toEqual([500, 100, 500, 500, 1]);
  });
});

describe('a second attempt beside the first', () => {
  const slow = new LatencyWindow();
  for (let latency = 1; latency <= 100; latency++) slow.add(latency);
  const targetOf = (latencies?: LatencyWindow): Target => ({ latencies }) as Partial<Target> as Target;
  const after = (settings: Partial<RetriesConfig>, facts: Facts, target = targetOf()): number | undefined =>
    policyOf(settings).hedgeAfter(exchangeOf(facts), target);

  it('is started only where it is configured, for idempotent methods without a body', () => {
    expect(after({}, {})).toBeUndefined();
    for (const method of methods) {
      expect(after({ hedgeAfter: 40 }, { method })).toBe(idempotent.includes(method) ? 40 : undefined);
      expect(after({ hedgeAfter: 40, methods: 'all' }, { method })).toBe(idempotent.includes(method) ? 40 : undefined);
      expect(after({ hedgeAfter: 40 }, { method, body: 'replayable' })).toBeUndefined();
    }
  });

  it('is started after what 95 % of the answers took, once that is known', () => {
    const settings = { hedgeAfter: 'p95' } as const;
    expect(after(settings, {}, targetOf(new LatencyWindow()))).toBeUndefined();
    expect(after(settings, {}, targetOf(slow))).toBe(95);
    expect([policyOf(settings).needsLatencies, policyOf({ hedgeAfter: 40 }).needsLatencies]).toEqual([true, false]);
  });
});
