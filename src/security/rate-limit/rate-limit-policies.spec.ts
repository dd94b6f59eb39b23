import { describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import type { EffectiveSecurity } from '../../config/file/route-settings.js';
import { buildConfig } from '../../config/loading/load-config.js';
import { RateLimitConfig, SecurityConfig } from '../../config/file/security.config.js';
import { GatewayError } from '../../http/gateway-error.js';
import type { Identity, PolicyContext, RequestPolicy } from '../policy.js';
import { scopeOf, sourced } from '../testing.js';
import { MemoryLimitStore } from './memory-limit-store.js';
import { RateLimitPolicies } from './rate-limit-policies.js';

const limitOf = (settings: Partial<RateLimitConfig> & { limit: number }): RateLimitConfig =>
  Object.assign(new RateLimitConfig(), { per: 3_600_000 }, settings);

const securityWith = (rateLimit: RateLimitConfig[]): EffectiveSecurity =>
  Object.assign(new SecurityConfig(), { rateLimit });
const securityOf = (...rateLimit: RateLimitConfig[]): EffectiveSecurity => securityWith(rateLimit);

/** A configuration whose routes answer themselves; `security`: the top-level block. */
const configOf = (routes: readonly object[], security: object = {}) =>
  buildConfig({ routes: routes.map(route => ({ respond: {}, ...route })), security });
/** The scope of a route with limits of its own. */
const own = (name: string) => scopeOf(configOf([{ name }]), 0);

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
    expect(source.policies(new SecurityConfig(), own('a'))).toEqual([]);
    expect(source.policies(securityOf(), own('a'))).toEqual([]);
  });

  it('asks limits by claims after authentication, the others before, and shows all of them', () => {
    const source = new RateLimitPolicies(new MemoryLimitStore());
    const security = securityOf(limitOf({ limit: 5, key: 'jwt:sub' }), limitOf({ limit: 2 }), limitOf({ limit: 9 }));
    const [early, late] = source.policies(security, own('a'));
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
    const [only] = source.policies(securityOf(limitOf({ limit: 1, key: 'jwt:sub' })), own('a'));
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
    const rateLimit = { limit: 1, per: '1h' };
    const config = configOf([{ name: 'a' }, { name: 'b' }, { name: 'c', security: { rateLimit } }], { rateLimit });
    const [first, second, third] = [0, 1, 2].map(route => sourced(source, config, route)[0]!.policy);
    const { request } = requestFrom('203.0.113.9');
    expect([passes(first!, request), passes(second!, request), passes(third!, request)]).toEqual([true, false, true]);
  });
});

describe('the counts of rate limits in the next configuration', () => {
  const rateLimit = { limit: 1, per: '1h' };
  const limited = (name: string, others: object = rateLimit) => ({
    name,
    match: { path: `/${name}` },
    security: { rateLimit: others },
  });

  /** Whether each named route lets a request pass, in turn, as that configuration has it. */
  function ask(source: RateLimitPolicies, config: GatewayConfig, ...names: string[]): boolean[] {
    const { request } = requestFrom('203.0.113.9');
    return names.map(name => {
      const policies = sourced(
        source,
        config,
        config.routes.findIndex(route => route.name === name),
      );
      return policies.every(({ policy }) => passes(policy, request));
    });
  }

  it('stay with their routes when others come before them, go, or change places', () => {
    const source = new RateLimitPolicies(new MemoryLimitStore());
    expect(ask(source, configOf([limited('a'), limited('b')]), 'a')).toEqual([true]);
    const next = configOf([limited('new'), limited('b'), limited('a')]);
    expect(ask(source, next, 'new', 'b', 'a')).toEqual([true, true, false]);
    expect(ask(source, configOf([limited('b')]), 'b')).toEqual([false]);
  });

  it('of the top-level block are one count, whichever routes inherit it', () => {
    const source = new RateLimitPolicies(new MemoryLimitStore());
    expect(ask(source, configOf([{ name: 'a' }], { rateLimit }), 'a')).toEqual([true]);
    const next = configOf([limited('own'), { name: 'b', match: { path: '/b' } }, { name: 'a' }], { rateLimit });
    expect(ask(source, next, 'b', 'a', 'own')).toEqual([false, false, true]);
  });

  it('begin again for a limit that has changed, and go on for the others of its list', () => {
    const source = new RateLimitPolicies(new MemoryLimitStore());
    const [one, other] = [
      { limit: 1, per: '1h', key: 'header:x-a' },
      { limit: 1, per: '1h', key: 'header:x-b' },
    ];
    expect(ask(source, configOf([limited('a', [one])]), 'a', 'a')).toEqual([true, false]);
    expect(ask(source, configOf([limited('a', [other, one])]), 'a')).toEqual([false]);
    expect(ask(source, configOf([limited('a', [{ ...one, limit: 2 }])]), 'a', 'a', 'a')).toEqual([true, true, false]);
  });

  it('are those of the new name where a route is renamed and its block stays the same object', () => {
    const store = new MemoryLimitStore();
    const source = new RateLimitPolicies(store);
    const config = configOf([limited('a')]);
    expect(ask(source, config, 'a')).toEqual([true]);
    const [before] = config.routes;
    const next = Object.assign(configOf([]), { routes: [{ ...before!, name: 'b' }] });
    expect(ask(source, next, 'b')).toEqual([true]);
    // As a gateway has them that starts with this file.
    expect(ask(new RateLimitPolicies(store), configOf([limited('b')]), 'b')).toEqual([false]);
  });

  it('are apart for two equal limits of one list, and for a route that is called like the top-level block', () => {
    const source = new RateLimitPolicies(new MemoryLimitStore());
    const twice = [rateLimit, rateLimit].map(limit => ({ ...limit, limit: 2 }));
    expect(ask(source, configOf([limited('a', twice)]), 'a', 'a', 'a')).toEqual([true, true, false]);
    const config = configOf([limited('security'), { name: 'top' }], { rateLimit });
    expect(ask(source, config, 'security', 'top')).toEqual([true, true]);
  });

  it('of controllers of an application are apart from those of all routes', () => {
    const source = new RateLimitPolicies(new MemoryLimitStore());
    const config = configOf([{ name: 'controllers' }], { rateLimit });
    const [only] = source.policies(securityOf(limitOf({ limit: 1 })), scopeOf(config));
    const { request } = requestFrom('203.0.113.9');
    expect(passes(only!.policy, request)).toBe(true);
    expect(ask(source, config, 'controllers')).toEqual([true]);
  });
});
