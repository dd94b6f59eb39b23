import { describe, expect, it } from 'vitest';
import { roadTo } from '../../../test/support/road-scene.js';
import type { PolicySource } from '../../security/policy-source.js';
import type { RoutePlan } from './route-plan.js';
import type { RoutePlans } from './route-plans.js';

const at = (id: string, more: object = {}) => ({ backends: [{ id, url: `http://${id}.test` }], ...more });

function planOf({ table }: RoutePlans, name: string): RoutePlan {
  return table.entries.map(({ route }) => route.definition.plan).find(plan => plan.name === name)!;
}

async function plansOf(routes: readonly object[], others: object = {}, policies: readonly PolicySource[] = []) {
  return (await roadTo(['a'], {}, { routes, ...others }, policies)).plans;
}

const match = (path: string) => ({ path });

describe('the plan of a route', () => {
  it('has the timeouts and retries of its upstream, overridden key by key', async () => {
    const upstreams = { app: at('a', { timeouts: { response: '7s', idle: '8s' }, retries: { attempts: 1 } }) };
    const routes = [
      {
        name: 'own',
        match: match('/own'),
        upstream: 'app',
        timeouts: { response: '1s', connect: '500ms' },
        retries: { attempts: 0 },
      },
      { name: 'all', upstream: 'app' },
    ];
    const road = await roadTo([], {}, { upstreams, routes });
    const own = road.send({ path: '/own' });
    expect(road.forwarder.last.request).toMatchObject({
      responseTimeout: 1_000,
      idleTimeout: 8_000,
      connectTimeout: 500,
    });
    road.forwarder.last.fail('CONNECT_FAILED');
    expect(own.exchange.attempts).toBe(1);
    const other = road.send();
    expect(road.forwarder.last.request).toMatchObject({
      responseTimeout: 7_000,
      idleTimeout: 8_000,
      connectTimeout: 0,
    });
    road.forwarder.last.fail('CONNECT_FAILED');
    road.forwarder.last.fail('CONNECT_FAILED');
    expect(other.exchange.attempts).toBe(2);
  });

  it('leads to each upstream of a split by its weight', async () => {
    const upstreams = { app: at('a'), canary: at('c') };
    const split = [
      { upstream: 'app', weight: 3 },
      { upstream: 'canary', weight: 1 },
    ];
    const road = await roadTo([], {}, { upstreams, routes: [{ name: 'all', split }] });
    for (let count = 0; count < 8; count++) road.send();
    expect(road.forwarder.asked.toSorted().join('')).toBe('aaaaaacc');
  });

  it('has places of its own for streams and tunnels only where it has a limit of its own', async () => {
    const limit = { maxConnections: 5 };
    const plans = await plansOf([
      { name: 'own', match: match('/own'), upstream: 'app', sse: limit, websocket: limit },
      { name: 'one', match: match('/one'), upstream: 'app' },
      { name: 'two', match: match('/two'), upstream: 'app' },
    ]);
    const [own, one, two] = ['own', 'one', 'two'].map(name => planOf(plans, name));
    expect([one!.sse.places === two!.sse.places, one!.upgrades.places === two!.upgrades.places]).toEqual([true, true]);
    expect([own!.sse.places === one!.sse.places, own!.upgrades.places === one!.upgrades.places]).toEqual([
      false,
      false,
    ]);
    for (let count = 0; count < 5; count++) expect(own!.sse.places.tryEnter()).toBe(true);
    expect(own!.sse.places.tryEnter()).toBe(false);
  });

  it('answers itself where it redirects or responds, and upgrades nothing then', async () => {
    const plans = await plansOf([
      { name: 'fixed', match: match('/fixed'), respond: { status: 200 } },
      { name: 'moved', match: match('/moved'), redirect: { to: '/x' } },
      { name: 'app', upstream: 'app' },
    ]);
    const kinds = ['fixed', 'moved', 'app'].map(name => {
      const { action, upgrades } = planOf(plans, name);
      return [action.kind, upgrades.find('websocket')];
    });
    expect(kinds).toEqual([
      ['local', undefined],
      ['local', undefined],
      ['forward', 'websocket'],
    ]);
  });

  it('has its policies, and among them those for bodies', async () => {
    const head = { check: () => undefined };
    const body = { check: () => undefined, checkBody: () => undefined };
    const policies = [head, body].map(policy => ({ stage: 'custom' as const, policy }));
    const plans = await plansOf([{ name: 'app', upstream: 'app' }], {}, [{ policies: () => policies }]);
    const plan = planOf(plans, 'app');
    expect([plan.policies, plan.bodyPolicies]).toEqual([[head, body], [body]]);
  });

  it('has policies that were made for it, and for the configuration that it is in', async () => {
    const asked: unknown[] = [];
    const source: PolicySource = {
      policies: (_, { config, path, route }) => {
        asked.push([config.routes.length, path, route]);
        return [];
      },
    };
    await plansOf(
      [
        { name: 'a', upstream: 'app' },
        { name: 'b', match: match('/b'), upstream: 'app' },
      ],
      {},
      [source],
    );
    expect(asked).toEqual([
      [2, 'routes[0].security', 'a'],
      [2, 'routes[1].security', 'b'],
    ]);
  });

  it('keeps latencies only where a hedge needs them', async () => {
    const road = await roadTo(['a'], { retries: { hedgeAfter: 'p95' } });
    expect(road.target().latencies).toBeDefined();
    expect((await roadTo(['a'])).target().latencies).toBeUndefined();
  });
});

describe('the plans', () => {
  it('cannot be made where a policy cannot be had', async () => {
    const source: PolicySource = { policies: (_, { path }) => Promise.reject(new Error(`${path}: no such policy`)) };
    await expect(plansOf([{ name: 'app', upstream: 'app' }], {}, [source])).rejects.toThrow(
      'routes[0].security: no such policy',
    );
  });

  it('know whether one route takes every path', async () => {
    const takesAll = async (...routes: object[]): Promise<boolean> => (await plansOf(routes)).takesAllPaths;
    const all = { name: 'all', upstream: 'app' };
    const some = { name: 'some', match: match('/x/*'), upstream: 'app' };
    expect([await takesAll(all), await takesAll(some), await takesAll(all, some)]).toEqual([true, false, false]);
  });

  it('give a request the most specific route, and none where none fits', async () => {
    const plans = await plansOf([
      { name: 'x', match: match('/x/*'), upstream: 'app' },
      { name: 'xy', match: match('/x/y'), upstream: 'app' },
    ]);
    const nameOf = (routingPath: string): string | undefined =>
      plans.match({ method: 'GET', host: 'a', routingPath, query: undefined, headers: {} })?.route.definition.name;
    expect([nameOf('/x/y'), nameOf('/x/z'), nameOf('/y')]).toEqual(['xy', 'x', undefined]);
  });
});
