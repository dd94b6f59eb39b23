import { describe, expect, it } from 'vitest';
import { roadTo } from '../../test/support/road-scene.js';
import { Transition } from '../config/live/transition.js';
import { buildConfig } from '../config/loading/load-config.js';
import { TrustedProxies } from '../http/client-address.js';
import { RoutePolicies } from '../security/route-policies.js';
import { LiveRules } from './live-rules.js';

const upstreams = { app: { backends: ['http://127.0.0.1:1'] } };

async function rules(file: object) {
  const road = await roadTo(['a']);
  const trusted = new TrustedProxies([]);
  const parts = {
    targets: Object.assign(road.targets, { next: () => road.targets }),
    policies: new RoutePolicies([]),
    trusted,
    random: Math.random,
    instance: 'test',
  };
  const config = buildConfig({ upstreams, ...file });
  const sut = await LiveRules.create(config, parts);
  const change = async (next: object): Promise<Transition> => {
    const transition = new Transition(config, buildConfig({ upstreams, ...next }));
    await sut.prepare(transition);
    return transition;
  };
  return { sut, trusted, change };
}

describe('the rules for requests', () => {
  it('are those of the next configuration when a transition takes effect, and not before', async () => {
    const { sut, trusted, change } = await rules({});
    const before = sut.current;
    const transition = await change({ trustedProxies: ['10.0.0.0/8'], routes: [{ name: 'next', upstream: 'app' }] });
    expect([sut.current === before, trusted.isTrusted('10.0.0.1')]).toEqual([true, false]);
    transition.commit();
    expect(sut.current.plans.table.routes.map(({ definition }) => definition.name)).toEqual(['next']);
    expect(trusted.isTrusted('10.0.0.1')).toBe(true);
  });

  it('go on counting open streams, with the limit of the configuration in force', async () => {
    const { sut, change } = await rules({ sse: { maxConnections: 1 } });
    const places = () => sut.current.plans.table.routes[0]!.definition.plan.sse.places;
    expect(places().tryEnter()).toBe(true);
    const transition = await change({ sse: { maxConnections: 2 } });
    expect(places().tryEnter()).toBe(false);
    transition.commit();
    expect([places().open, places().tryEnter(), places().tryEnter()]).toEqual([1, true, false]);
  });
});
