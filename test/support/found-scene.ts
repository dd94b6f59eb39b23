import { expect } from 'vitest';
import type { DnsServer } from './dns-server.js';
import type { InProcessGateway } from './in-process.js';
import type { Answer, Load } from './load.js';
import { vetoesAt } from './operator.js';
import { eventually } from './poll.js';

/** Milliseconds of `refresh` in {@link foundAt}. */
export const refresh = 200;

/** A configuration with an upstream, `app`, whose backends are looked up as `orders.test` at a server of the test. */
export function foundAt(dns: DnsServer, discovery: object, upstream: object = {}, others: object = {}): object {
  const how = { dns: 'orders.test', refresh: `${refresh}ms`, resolvers: [dns.address], ...discovery };
  return { upstreams: { app: { discovery: how, ...upstream } }, ...others };
}

/** Waits until the only upstream has exactly these backends. */
export async function backendsAre(gateway: InProcessGateway, ids: readonly string[]): Promise<void> {
  await eventually(async () => expect(Object.keys(await vetoesAt(gateway.adminPort))).toEqual(ids));
}

/** Waits until a load has had so many more answers; gives them. */
export async function answersFromNow(load: Load, count: number): Promise<readonly Answer[]> {
  const before = load.answers.length;
  await eventually(() => load.answers.length >= before + count);
  return load.answers.slice(before);
}
