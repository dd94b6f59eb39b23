import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { IsInt } from 'class-validator';
import { expect, it } from 'vitest';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import { shareUnchanged } from '../../config/live/share-unchanged.js';
import { buildUntyped } from '../../config/loading/load-config.js';
import type { RequestPolicy, Verdict } from '../policy.js';
import { SketchedRequest, sourced } from '../testing.js';
import { CustomPolicies } from './custom-policies.js';
import { NamedPolicies } from './named-policies.js';
import { Policy } from './named-policy.js';

class QuotaOptions {
  @IsInt()
  requests = 1;
}

/** Whether the database that the policy needs at its creation can be reached. */
const database = { up: true };

@Policy('quota', { options: QuotaOptions })
class Quota implements RequestPolicy {
  #left = 0;

  configure({ requests }: QuotaOptions): void {
    if (!database.up) throw new Error('no database');
    this.#left = requests;
  }

  check(request: SketchedRequest): Verdict {
    request.setResponseHeader('x-left', String(--this.#left));
    return undefined;
  }
}

async function sourceOf(): Promise<CustomPolicies> {
  const module = await Test.createTestingModule({
    imports: [DiscoveryModule],
    providers: [NamedPolicies, CustomPolicies, Quota],
  }).compile();
  await module.init();
  return module.get(CustomPolicies);
}

/** What is left of each quota behind one more request to the route. */
async function ask(source: CustomPolicies, config: GatewayConfig, index = 0): Promise<unknown[]> {
  const request = new SketchedRequest();
  for (const { policy } of await sourced(source, config, index)) void policy.check(request);
  return request.responseEdits.map(([, value]) => value);
}

const configOf = (policies: object[], ...routes: object[]) =>
  buildUntyped({
    security: { policies },
    routes: [{ respond: {} }, ...routes.map(route => ({ respond: {}, ...route }))],
  });
const five = { name: 'quota', requests: 5 };

it('an entry that has not changed keeps its instance in the next configuration, wherever it stands there', async () => {
  const source = await sourceOf();
  const before = configOf([five, five]);
  expect(await ask(source, before)).toEqual(['4', '4']);
  const next = configOf([{ name: 'quota', requests: 9 }, five]);
  expect(await ask(source, shareUnchanged(next, before))).toEqual(['8', '3']);
});

it('an entry that is another object has an instance of its own, and the one before goes on', async () => {
  const source = await sourceOf();
  const before = configOf([five]);
  expect(await ask(source, before)).toEqual(['4']);
  expect(await ask(source, configOf([five]))).toEqual(['4']);
  expect(await ask(source, before)).toEqual(['3']);
});

it('an instance that could not be made is made when the configuration is tried again', async () => {
  const source = await sourceOf();
  const config = configOf([five]);
  database.up = false;
  await expect(ask(source, config)).rejects.toThrow('no database');
  database.up = true;
  expect(await ask(source, config)).toEqual(['4']);
});

it('an error names the place of the entry in the configuration that it is in', async () => {
  const source = await sourceOf();
  await expect(ask(source, configOf([{ name: 'nothing' }]))).rejects.toThrow('security.policies[0]: no policy');
  const next = configOf([five], { match: { path: '/b' }, security: { policies: ['quota', 'nothing'] } });
  expect(await ask(source, next)).toEqual(['4']);
  await expect(ask(source, next, 1)).rejects.toThrow('routes[1].security.policies[1]: no policy');
});
