import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { GatewayConfig } from '../../src/config/file/gateway.config.js';
import { buildUntyped } from '../../src/config/loading/load-config.js';
import { Transition } from '../../src/config/live/transition.js';
import { AuthPolicies } from '../../src/security/auth/auth-policies.js';
import { SketchedRequest, sourced } from '../../src/security/testing.js';
import { Issuer, one } from '../e2e/auth-issuer.js';
import { answer, startBackend } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { figure } from '../support/figure.js';
import { heapUsed } from '../support/heap.js';
import { eventually } from '../support/poll.js';
import { scaled } from '../support/scale.js';

const reloads = scaled(100, 10_000);
/** Reloads after which caches are full and code is compiled, so that the heap may be compared. */
const settled = 2000;

// Time passes as the test says, and timers can be counted.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

it(`${reloads} configurations with other keys and another auth service each leave no timer, connection and memory behind`, async () => {
  const issuer = await Issuer.start(['one', one]);
  const service = await startBackend(answer(204));
  const fields = ['Authorization', `Bearer ${await issuer.token({ exp: Date.now() / 1000 + 36_000 })}`];
  const configOf = (number: number): GatewayConfig =>
    buildUntyped({
      routes: [{ respond: {} }],
      security: {
        auth: {
          mode: 'all',
          jwt: issuer.jwt({ jwks: `${issuer.server.url}/keys/${number}` }),
          forward: { url: `${service.url}/verify/${number}` },
        },
      },
    });
  const policies = new AuthPolicies(pino({ level: 'silent' }));
  policies.onApplicationBootstrap();
  closeLater(() => policies.onApplicationShutdown());
  let config = configOf(0);
  sourced(policies, config);
  let early = 0;
  for (let number = 1; number <= reloads; number++) {
    const to = configOf(number);
    const transition = new Transition(config, to);
    policies.prepare(transition);
    const [only] = sourced(policies, to);
    expect(await only!.policy.check(new SketchedRequest({ fields }))).toBeUndefined();
    // Each third is refused by another part of the gateway, after it has been asked.
    if (number % 3 === 0) transition.discard();
    else {
      transition.commit();
      config = to;
    }
    // Keys that went on would be fetched again after 600 of them.
    vi.advanceTimersByTime(1000);
    for (const server of [issuer.server, service]) server.requests.length = 0;
    if (number === settled) early = heapUsed();
  }
  // Once for each configuration.
  expect(issuer.fetches).toBe(reloads + 1);
  // Of the configuration in force: for the next fetch, and for its idle connection; and the clocks of undici.
  await eventually(() => vi.getTimerCount() < 10, { what: 'the end of timers' });
  await eventually(() => issuer.server.openConnections + service.openConnections <= 1, { what: 'the close' });
  if (reloads <= settled) return;
  const grown = heapUsed() - early;
  figure(`${reloads} reloads: ${Math.round(grown / 1024)} kB of heap more than after the first ${settled}`);
  expect(grown).toBeLessThan(1024 * 1024);
}, 300_000);
