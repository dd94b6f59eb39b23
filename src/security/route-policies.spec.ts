import { expect, it } from 'vitest';
import type { StagedPolicy } from './policy-source.js';
import { jointPolicies } from './route-policies.js';

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
