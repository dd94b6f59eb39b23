import { describe, expect, it } from 'vitest';
import type { EffectiveSecurity } from '../../config/file/route-settings.js';
import { RateLimitConfig, SecurityConfig } from '../../config/file/security.config.js';
import { GatewayError } from '../../http/gateway-error.js';
import type { Identity, PolicyContext, RequestPolicy } from '../policy.js';
import { MemoryLimitStore } from './memory-limit-store.js';
import { RateLimitPolicies } from './rate-limit-policies.js';

const limitOf = (settings: Partial<RateLimitConfig> & { limit: number }): RateLimitConfig =>
  Object.assign(new RateLimitConfig(), { per: 3_600_000 }, settings);

const securityWith = (rateLimit: RateLimitConfig[]): EffectiveSecurity =>
  Object.assign(new SecurityConfig(), { rateLimit });
const securityOf = (...rateLimit: RateLimitConfig[]): EffectiveSecurity => securityWith(rateLimit);

function requestFrom(clientIp: string, claims?: Identity['claims']) {
  const fields = new Map<string, string>();
  const request = {
    clientIp,
    headers: {},
    identity: claims === undefined ? undefined : { scheme: 'jwt', subject: '', claims },
    setResponseHeader: (name: string, value: string) => void fields.set(name, value),
  } as unknown as PolicyContext;
  return { request, fields };
}

const passes = (policy: RequestPolicy, request: PolicyContext): boolean => {
  const verdict = policy.check(request);
  expect(verdict).not.toBeInstanceOf(Promise);
  return !(verdict instanceof GatewayError);
};

describe('RateLimitPolicies', () => {
  it('makes nothing where there is no limit', () => {
    const source = new RateLimitPolicies(new MemoryLimitStore());
    expect(source.policies(new SecurityConfig(), 'routes[0].security')).toEqual([]);
    expect(source.policies(securityOf(), 'routes[0].security')).toEqual([]);
  });

  it('asks limits by claims after authentication, the others before, and shows all of them', () => {
    const source = new RateLimitPolicies(new MemoryLimitStore());
    const security = securityOf(limitOf({ limit: 5, key: 'jwt:sub' }), limitOf({ limit: 2 }), limitOf({ limit: 9 }));
    const [early, late] = source.policies(security, 'routes[0].security');
    expect([early?.stage, late?.stage]).toEqual(['limits', 'claim-limits']);
    const { request, fields } = requestFrom('203.0.113.9', { sub: 'alice' });
    expect(passes(early!.policy, request)).toBe(true);
    const policy = '"client-ip";q=2;w=3600, "client-ip-2";q=9;w=3600, "jwt";q=5;w=3600';
    expect(fields.get('RateLimit-Policy')).toBe(policy);
    expect(fields.get('RateLimit')).toBe('"client-ip";r=1;t=1800, "client-ip-2";r=8;t=400');
    expect(passes(late!.policy, request)).toBe(true);
    expect(fields.get('RateLimit-Policy')).toBe(policy);
    expect(fields.get('RateLimit')).toBe('"client-ip";r=1;t=1800, "client-ip-2";r=8;t=400, "jwt";r=4;t=720');
  });

  it('counts for the claim, wherever it comes from, and for the address without one', () => {
    const source = new RateLimitPolicies(new MemoryLimitStore());
    const [only] = source.policies(securityOf(limitOf({ limit: 1, key: 'jwt:sub' })), 'routes[0].security');
    const ask = (address: string, claims?: Identity['claims']): boolean =>
      passes(only!.policy, requestFrom(address, claims).request);
    expect(ask('203.0.113.1', { sub: 'alice' })).toBe(true);
    expect(ask('203.0.113.2', { sub: 'alice' })).toBe(false);
    expect(ask('203.0.113.1', { sub: 'bob' })).toBe(true);
    expect(ask('203.0.113.1')).toBe(true);
    expect(ask('203.0.113.1')).toBe(false);
  });

  it('counts one block for all routes that inherit it together, and equal blocks of two routes separately', () => {
    const source = new RateLimitPolicies(new MemoryLimitStore());
    const top = [limitOf({ limit: 1 })];
    const first = source.policies(securityWith(top), 'routes[0].security')[0]!.policy;
    const second = source.policies(securityWith(top), 'routes[1].security')[0]!.policy;
    const third = source.policies(securityOf(limitOf({ limit: 1 })), 'routes[2].security')[0]!.policy;
    const { request } = requestFrom('203.0.113.9');
    expect([passes(first, request), passes(second, request), passes(third, request)]).toEqual([true, false, true]);
  });
});
