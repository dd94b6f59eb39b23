import { expect, it } from 'vitest';
import { buildConfig } from '../config/loading/load-config.js';
import { GatewayError } from '../http/gateway-error.js';
import { Authentication } from './auth/authentication.js';
import { BackendFields } from './auth/backend-fields.js';
import { Accepted, CannotTell, noCredentials, Refused, type Authenticator, type Decision } from './auth/decision.js';
import { ConcurrencyPolicies } from './concurrency/concurrency-policies.js';
import { MemoryConcurrencyStore } from './concurrency/concurrency-store.js';
import { SteadyPolicy } from './custom/steady-policy.js';
import type { Foreseen, RequestPolicy } from './policy.js';
import type { StagedPolicy } from './policy-source.js';
import { MemoryLimitStore } from './rate-limit/memory-limit-store.js';
import { RateLimitPolicies } from './rate-limit/rate-limit-policies.js';
import { SketchedRequest, sourced } from './testing.js';

const configOf = (security: object) => buildConfig({ routes: [{ respond: {} }], security });
const statusOf = ({ verdict }: Foreseen): unknown => (verdict instanceof GatewayError ? verdict.status : verdict);

async function foreseen(policy: RequestPolicy, request = new SketchedRequest()): Promise<Foreseen> {
  return policy.foresee!(request);
}

it('a rate limit tells what is left, and counts nothing', async () => {
  const config = configOf({ rateLimit: { limit: 2, per: '1h' } });
  const [{ policy }] = sourced(new RateLimitPolicies(new MemoryLimitStore()), config) as readonly [StagedPolicy];
  for (let i = 0; i < 5; i++) {
    expect(await foreseen(policy)).toEqual({
      verdict: undefined,
      says: ['2/1h per address: 1 left behind this request'],
    });
  }
  expect(policy.check(new SketchedRequest())).toBeUndefined();
  expect((await foreseen(policy)).says).toEqual(['2/1h per address: 0 left behind this request']);
  expect(policy.check(new SketchedRequest())).toBeUndefined();
  const used = await foreseen(policy);
  expect(statusOf(used)).toBe(429);
  expect(used.says[0]).toMatch(/^2\/1h per address: used up, one more in \d+\.\d{3} s$/);
});

it('of several rate limits it tells of each, and the one that is used up refuses', async () => {
  const config = configOf({
    rateLimit: [
      { limit: 9, per: '1h' },
      { limit: 1, per: '1h', key: 'global' },
    ],
  });
  const [{ policy }] = sourced(new RateLimitPolicies(new MemoryLimitStore()), config) as readonly [StagedPolicy];
  expect(statusOf(await foreseen(policy))).toBeUndefined();
  void policy.check(new SketchedRequest());
  const { says, ...rest } = await foreseen(policy);
  expect(statusOf({ says, ...rest })).toBe(429);
  expect(says[0]).toContain('7 left');
  expect(says[1]).toContain('used up');
});

it('a limit of requests in flight tells how many there are, and takes no place', async () => {
  const store = new MemoryConcurrencyStore();
  const config = configOf({ concurrency: { limit: 1 } });
  const [{ policy }] = sourced(new ConcurrencyPolicies(store), config) as readonly [StagedPolicy];
  expect(await foreseen(policy)).toEqual({ verdict: undefined, says: ['1 per address: 0 in flight'] });
  expect(store.keys).toBe(0);
  const request = new SketchedRequest();
  void policy.check(request);
  expect(statusOf(await foreseen(policy))).toBe(429);
  request.close();
  expect(statusOf(await foreseen(policy))).toBeUndefined();
});

const fields = new BackendFields(new Set(), new Set(), new Set());
const method = (decision: Decision): Authenticator => ({
  policy: 'api-key',
  challenge: 'X',
  credential: 'authorization',
  authenticate: () => decision,
});
/** A method that would ask another server; asking it fails the test. */
const remote: Authenticator = {
  ...method(noCredentials),
  authenticate: () => {
    throw new Error('it was asked');
  },
  foreseeing: method(new CannotTell('would ask http://auth:4000/verify')),
};
const accepted = new Accepted({ scheme: 'api-key', subject: 'partner', claims: {} }, 'x-api-key');
const refused = method(new Refused('no', 'wrong'));

it('authentication names who is let in, or the refusal', async () => {
  expect(await foreseen(new Authentication([method(accepted)], 'any', fields))).toEqual({
    verdict: undefined,
    says: ['api-key: partner'],
  });
  expect(statusOf(await foreseen(new Authentication([refused], 'any', fields)))).toBe(401);
});

it('authentication asks no other server: where that would decide, it cannot be told', async () => {
  const unknown = { verdict: 'unknown', says: ['would ask http://auth:4000/verify'] };
  expect(await foreseen(new Authentication([refused, remote], 'any', fields))).toEqual(unknown);
  expect(await foreseen(new Authentication([method(accepted), remote], 'all', fields))).toEqual(unknown);
  expect(statusOf(await foreseen(new Authentication([remote, method(accepted)], 'any', fields)))).toBeUndefined();
  expect(statusOf(await foreseen(new Authentication([refused, remote], 'all', fields)))).toBe(401);
});

it('a policy of your own is not run: it tells by its foresee, or it is not known', async () => {
  const own: RequestPolicy = {
    check: () => {
      throw new Error('it was run');
    },
  };
  expect(await foreseen(new SteadyPolicy('tenant', own))).toMatchObject({ verdict: 'unknown' });
  const telling = { ...own, foresee: () => ({ verdict: undefined, says: ['tenant 7'] }) };
  expect(await foreseen(new SteadyPolicy('tenant', telling))).toEqual({ verdict: undefined, says: ['tenant 7'] });
});
