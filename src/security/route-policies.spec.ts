import { expect, it } from 'vitest';
import { buildConfig } from '../config/loading/load-config.js';
import { Transition } from '../config/live/transition.js';
import type { StagedPolicy } from './policy-source.js';
import { jointPolicies, RoutePolicies } from './route-policies.js';

const policy = { check: () => undefined };
const staged = (stage: StagedPolicy['stage'], more: Partial<StagedPolicy> = {}): StagedPolicy => ({
  stage,
  policy: { ...policy },
  ...more,
});

it('the policies of another route join in the order of their stages', () => {
  const own = [staged('limits'), staged('custom')];
  const other = [staged('address'), staged('authentication')];
  expect(jointPolicies(own, [other])).toEqual([other[0], own[0], other[1], own[1]]);
});

it('a policy that two routes inherit is asked once: a limit counts one request, a password is checked once', () => {
  const origin = {};
  const limits = [staged('limits', { origin }), staged('claim-limits', { origin })];
  const same = [staged('limits', { origin }), staged('claim-limits', { origin }), staged('limits', { origin: {} })];
  expect(jointPolicies(limits, [same])).toEqual([limits[0], same[2], limits[1]]);
});

it('a policy that refuses nothing stays with its own route', () => {
  const own = [staged('preflight', { ownRouteOnly: true })];
  expect(jointPolicies(own, [[staged('preflight', { ownRouteOnly: true })]])).toEqual(own);
});

it('sources that hold something for a configuration hear of the next one, and one that refuses it refuses it for all', async () => {
  const config = buildConfig({ routes: [] });
  const transition = new Transition(config, buildConfig({ routes: [] }));
  const heard: unknown[] = [];
  const plain = { policies: () => [] };
  const holding = { ...plain, prepare: (to: Transition) => void heard.push(to) };
  await new RoutePolicies([plain, holding]).prepare(transition);
  expect(heard).toEqual([transition]);
  const refusing = { ...plain, prepare: () => Promise.reject(new Error('not this one')) };
  await expect(new RoutePolicies([holding, refusing]).prepare(transition)).rejects.toThrow('not this one');
});
