import { describe, expect, it } from 'vitest';
import { roadTo } from '../../../test/support/road-scene.js';
import { GatewayError } from '../../http/gateway-error.js';
import { routingPath } from '../../http/path.js';
import type { RequestPolicy } from '../../security/policy.js';
import type { StagedPolicy } from '../../security/policy-source.js';
import type { Guarded } from './guarded-plan.js';

/** What is found for a path; `policies`: of each route by its name. */
async function finding(routes: readonly object[], policies: Record<string, StagedPolicy[]> = {}, others: object = {}) {
  const named = routes as readonly { readonly name: string }[];
  let next = 0;
  const sources = [{ policies: () => policies[named[next++]?.name ?? ''] ?? [] }];
  const { plans } = await roadTo(['a'], {}, { routes, ...others }, sources);
  return (path: string): Guarded | GatewayError => {
    const request = { method: 'GET', host: 'a.example', routingPath: routingPath(path), query: undefined, headers: {} };
    return plans.guard(request, path, plans.match(request));
  };
}

const app = { name: 'app', match: { path: '/app/*' }, upstream: 'app' };
const admin = { name: 'admin', match: { path: '/app/admin/*' }, upstream: 'app' };
const shut = { name: 'shut', match: { path: '/app/admin/*' }, respond: { status: 403 } };

const nameOf = (found: Guarded | GatewayError): string | number | undefined =>
  found instanceof GatewayError ? found.status : found.plan?.name;

describe('a path that servers may read in several ways', () => {
  it('keeps its route where no reading leads to another', async () => {
    const find = await finding([app]);
    const found = find('/app/a%20b%2fc');
    expect([nameOf(found), found instanceof GatewayError || found.path]).toEqual(['app', '/app/a%20b%2fc']);
  });

  it('is answered by a route that keeps requests out, if it can be read as one of its paths', async () => {
    const find = await finding([app, shut]);
    expect([nameOf(find('/app/x/..;/admin/y')), nameOf(find('/app/x%2fy'))]).toEqual(['shut', 'app']);
  });

  it('must pass the policies of each route that it could be read as one of, once', async () => {
    const policy = (): RequestPolicy => ({ check: () => undefined });
    const [own, both, theirs, alone] = [policy(), policy(), policy(), policy()];
    const staged = (each: RequestPolicy, more: object = {}): StagedPolicy => ({
      stage: 'custom',
      policy: each,
      ...more,
    });
    const policies = {
      app: [staged(own), staged(both)],
      admin: [staged(both), staged(theirs), staged(alone, { ownRouteOnly: true })],
    };
    const find = await finding([app, admin], policies);
    const found = find('/app/x/..;/admin/y') as Guarded;
    expect([nameOf(found), found.plan!.policies]).toEqual(['app', [own, both, theirs]]);
  });

  it('may have the smallest body and the upgrades that all of them allow', async () => {
    const security = (maxBody: string): object => ({ validation: { maxBody } });
    const find = await finding([
      { ...app, security: security('10kb') },
      { ...admin, security: security('1kb'), websocket: { upgrades: ['other'] } },
    ]);
    const { plan } = find('/app/x/..;/admin/y') as Guarded;
    expect([plan!.name, plan!.maxBody, plan!.upgrades.find('websocket')]).toEqual(['app', 1024, undefined]);
    const { plan: usual } = find('/app/x') as Guarded;
    expect([usual!.maxBody, usual!.upgrades.find('websocket')]).toEqual([10 * 1024, 'websocket']);
  });

  it('must pass the rules for paths of each of them', async () => {
    const strict = { ...admin, security: { validation: { path: { pathParameters: 'reject' } } } };
    const find = await finding([app, strict]);
    expect([nameOf(find('/app/x/..;/admin/y')), nameOf(find('/app/x;y'))]).toEqual([400, 'app']);
  });

  it('is refused where it strays out of all routes, and not where one route takes all', async () => {
    const stray = '/app/..;/..;/etc';
    expect(nameOf((await finding([app]))(stray))).toBe(400);
    expect(nameOf((await finding([{ name: 'all', upstream: 'app' }]))(stray))).toBe('all');
  });

  it('must not leave what a rewrite puts before it', async () => {
    const find = await finding([{ ...app, rewrite: { replacePrefix: ['/app', '/v2'] } }]);
    expect([nameOf(find('/app/x/..;/..;/..;/etc')), nameOf(find('/app/x%20y'))]).toEqual([400, 'app']);
  });

  it('is not looked at further where the gateway answers itself, or no route fits', async () => {
    const find = await finding([{ name: 'fixed', match: { path: '/fixed/*' }, respond: { status: 200 } }]);
    expect([nameOf(find('/fixed/..;/x')), nameOf(find('/none/%2e%2e%2fx'))]).toEqual(['fixed', undefined]);
  });
});
