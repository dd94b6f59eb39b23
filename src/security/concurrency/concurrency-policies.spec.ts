import { describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import { buildConfig } from '../../config/loading/load-config.js';
import { GatewayError } from '../../http/gateway-error.js';
import type { PolicyContext } from '../policy.js';
import { SketchedRequest, scopeOf, sourced } from '../testing.js';
import { ConcurrencyPolicies } from './concurrency-policies.js';
import { MemoryConcurrencyStore } from './concurrency-store.js';

/** A configuration whose routes answer themselves; `security`: the top-level block. */
const configOf = (routes: readonly object[], security: object = {}) =>
  buildConfig({ routes: routes.map(route => ({ respond: {}, ...route })), security });
const limited = (name: string, concurrency: object) => ({
  name,
  match: { path: `/${name}` },
  security: { concurrency },
});

function scene() {
  const store = new MemoryConcurrencyStore();
  return { store, source: new ConcurrencyPolicies(store) };
}

/** A request of the address 192.0.2.1, with a key and a user. */
function requestOf(key?: string, user?: string): SketchedRequest {
  const request = new SketchedRequest({ fields: key === undefined ? [] : ['X-Key', key] });
  if (user !== undefined) request.identity = { scheme: 'jwt', subject: user, claims: { sub: user } };
  return request;
}

/** Whether the named route lets a request in: then it stays open until it is closed. */
function enters(
  source: ConcurrencyPolicies,
  config: GatewayConfig,
  name: string,
  request: PolicyContext = requestOf(),
): boolean {
  const index = config.routes.findIndex(route => route.name === name);
  return sourced(source, config, index).every(({ policy }) => policy.check(request) === undefined);
}

describe('ConcurrencyPolicies', () => {
  it('makes nothing where there is no limit', () => {
    const { source } = scene();
    expect(sourced(source, configOf([{ name: 'a' }]))).toEqual([]);
    expect(sourced(source, configOf([limited('a', [])], { concurrency: { limit: 1 } }))).toEqual([]);
  });

  it('asks limits by claims after authentication, the others before', () => {
    const { source } = scene();
    const config = configOf([limited('a', [{ limit: 1, key: 'jwt:sub' }, { limit: 1 }])]);
    const [early, late, ...others] = sourced(source, config);
    expect([early?.stage, late?.stage, others]).toEqual(['limits', 'claim-limits', []]);
    const [ann, bob] = [requestOf(undefined, 'ann'), requestOf(undefined, 'bob')];
    expect([early!.policy.check(ann), late!.policy.check(ann), late!.policy.check(bob)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(early!.policy.check(bob)).toBeInstanceOf(GatewayError);
    expect(late!.policy.check(requestOf(undefined, 'ann'))).toBeInstanceOf(GatewayError);
  });

  it('refuses with 429, and says when to come again', () => {
    const { source } = scene();
    const config = configOf([limited('a', { limit: 1 })]);
    const [only] = sourced(source, config);
    expect(only!.policy.check(requestOf())).toBeUndefined();
    expect(only!.policy.check(requestOf())).toMatchObject({
      code: 'DENIED',
      status: 429,
      headers: ['Retry-After', '1'],
      reason: expect.stringMatching(/^concurrency \d+ per address$/),
    });
  });

  it('has a place again when a request that had one is over', () => {
    const { source, store } = scene();
    const config = configOf([limited('a', { limit: 1 })]);
    const first = requestOf();
    expect([enters(source, config, 'a', first), enters(source, config, 'a')]).toEqual([true, false]);
    first.close();
    expect([store.keys, enters(source, config, 'a')]).toEqual([0, true]);
  });

  it('takes no place of any limit for a request that one of them refuses', () => {
    const { source, store } = scene();
    const config = configOf([
      limited('a', [{ limit: 5 }, { limit: 1, key: 'header:x-key' }, { limit: 5, key: 'global' }]),
    ]);
    const first = requestOf('k');
    expect(enters(source, config, 'a', first)).toBe(true);
    for (let i = 0; i < 10; i++) expect(enters(source, config, 'a', requestOf('k'))).toBe(false);
    for (const key of ['l', 'm', 'n', 'o']) expect(enters(source, config, 'a', requestOf(key))).toBe(true);
    expect(enters(source, config, 'a', requestOf('p'))).toBe(false);
    first.close();
    expect(enters(source, config, 'a', requestOf('p'))).toBe(true);
    expect(store.keys).toBe(7);
  });

  it('counts one block for all routes that inherit it together, and equal blocks of two routes separately', () => {
    const { source } = scene();
    const concurrency = { limit: 1 };
    const routes = [{ name: 'a' }, { name: 'b', match: { path: '/b' } }, limited('c', concurrency)];
    const config = configOf(routes, { concurrency });
    expect(['a', 'b', 'c'].map(name => enters(source, config, name))).toEqual([true, false, true]);
  });

  it('keeps two equal limits of one list apart, and those of controllers apart from all routes', () => {
    const { source } = scene();
    const twice = [{ limit: 2 }, { limit: 2 }];
    const config = configOf([limited('a', twice), limited('controllers', { limit: 1 })], { concurrency: { limit: 1 } });
    expect([1, 2, 3].map(() => enters(source, config, 'a'))).toEqual([true, true, false]);
    const own = configOf([limited('x', { limit: 1 })]).routes[0]!.security!;
    const security = { ...config.security, concurrency: own.concurrency! };
    const [controllers] = source.policies(security, scopeOf(config));
    expect(controllers!.policy.check(requestOf())).toBeUndefined();
    expect(enters(source, config, 'controllers')).toBe(true);
  });
});

describe('the places of a limit in the next configuration', () => {
  it('stay with their routes, also with another limit', () => {
    const { source } = scene();
    const open = requestOf();
    expect(enters(source, configOf([limited('a', { limit: 1 })]), 'a', open)).toBe(true);
    const next = configOf([limited('new', { limit: 1 }), limited('a', { limit: 2 })]);
    expect(['a', 'a', 'new'].map(name => enters(source, next, name))).toEqual([true, false, true]);
    open.close();
    expect(enters(source, next, 'a')).toBe(true);
  });

  it('are given back where they were taken, also when the route has gone or has another name', () => {
    const { source, store } = scene();
    const open = requestOf();
    expect(enters(source, configOf([limited('a', { limit: 1 })]), 'a', open)).toBe(true);
    const renamed = configOf([limited('b', { limit: 1 })]);
    const other = requestOf();
    expect(enters(source, renamed, 'b', other)).toBe(true);
    open.close();
    expect(enters(source, renamed, 'b')).toBe(false);
    other.close();
    expect(store.keys).toBe(0);
  });
});
