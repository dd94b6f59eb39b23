import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, startBackend } from '../../../test/support/backend.js';
import { closeLater } from '../../../test/support/cleanup.js';
import { phc } from '../../../test/support/password.js';
import { eventually } from '../../../test/support/poll.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import { shareUnchanged } from '../../config/live/share-unchanged.js';
import { buildConfig } from '../../config/loading/load-config.js';
import { Transition } from '../../config/live/transition.js';
import { GatewayError } from '../../http/gateway-error.js';
import type { RequestPolicy } from '../policy.js';
import { scopeOf, SketchedRequest, sourced } from '../testing.js';
import { AuthPolicies } from './auth-policies.js';
import { ScryptHash } from './basic/scrypt-hash.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const tenMinutes = 600_000;

// What is to happen by itself happens when a test moves the clock.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** An issuer of keys on loopback. */
async function startIssuer() {
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'a' }] });
  const server = await startBackend(answer(200, keys));
  const token = await new SignJWT({ iss: 'issuer', aud: 'shop', sub: 'ann' })
    .setProtectedHeader({ alg: 'ES256', kid: 'a' })
    .setExpirationTime('9h')
    .sign(privateKey);
  const jwt = (path: string, more: object = {}) => ({
    jwks: `${server.url}${path}`,
    issuer: 'issuer',
    audience: 'shop',
    ...more,
  });
  return { server, jwt, bearer: `Bearer ${token}`, fetched: () => server.requests.map(({ url }) => url) };
}

/** The policies of one process, whose configuration changes. */
class Process {
  readonly source = new AuthPolicies(pino({ level: 'silent' }));
  policies: readonly RequestPolicy[];

  constructor(private config: GatewayConfig) {
    this.policies = this.make(config);
    this.source.onApplicationBootstrap();
    closeLater(() => this.source.onApplicationShutdown());
  }

  make(config: GatewayConfig, route = 0): readonly RequestPolicy[] {
    return sourced(this.source, config, route).map(({ policy }) => policy);
  }

  /** Prepares for the next configuration. */
  prepare(to: GatewayConfig): Transition {
    const transition = new Transition(this.config, to);
    this.source.prepare(transition);
    return transition;
  }

  /** Puts the next configuration in force; gives the policies that requests from before still have. */
  reload(next: GatewayConfig): readonly RequestPolicy[] {
    const before = this.policies;
    const to = shareUnchanged(next, this.config);
    const transition = this.prepare(to);
    const policies = this.make(to);
    transition.commit();
    [this.config, this.policies] = [to, policies];
    return before;
  }
}

/** A configuration with that `security.auth`; `routes`: more of them. */
const configOf = (auth?: object, ...routes: object[]): GatewayConfig =>
  buildConfig({
    routes: [{ name: 'all', respond: {} }, ...routes],
    ...(auth !== undefined && { security: { auth } }),
  });

/** What a request gets: 200, or the status of its denial. `fields`: of its head. */
async function ask(policies: readonly RequestPolicy[], fields: readonly string[] = []): Promise<number> {
  for (const policy of policies) {
    const verdict = await policy.check(new SketchedRequest({ fields }));
    if (verdict !== undefined) return verdict instanceof GatewayError ? verdict.status : verdict.response.status;
  }
  return 200;
}

describe('the fields that tell backends who sends a request', () => {
  it('include that of auth.forwardUser, on all routes', () => {
    const auth = { apiKey: { keys: [{ id: 'a', sha256: 'a'.repeat(64) }] }, forwardUser: 'x-user' };
    const naming = configOf(undefined, { match: { path: '/own' }, respond: {}, security: { auth } });
    const request = new SketchedRequest({ fields: ['X-User', 'root'] });
    for (const policy of new Process(naming).policies) void policy.check(request);
    expect(request.requestEdits).toEqual([['x-user', undefined]]);
  });

  it('are removed on all routes of a configuration that names them, and on no route of the next that does not', () => {
    const jwt = { jwks: 'http://127.0.0.1:9/', issuer: 'i', audience: 'a', forwardClaims: { sub: 'x-user' } };
    const naming = configOf(undefined, { match: { path: '/own' }, respond: {}, security: { auth: { jwt } } });
    const process = new Process(configOf());
    const removed = (): unknown[] => {
      const request = new SketchedRequest({ fields: ['X-User', 'root'] });
      for (const policy of process.policies) void policy.check(request);
      return request.requestEdits;
    };
    expect(removed()).toEqual([]);
    process.reload(naming);
    expect(removed()).toEqual([['x-user', undefined]]);
    process.reload(configOf());
    expect(removed()).toEqual([]);
  });
});

describe('the keys of an issuer', () => {
  it('are not fetched again for a configuration that has them from the same address', async () => {
    const { jwt, bearer, fetched } = await startIssuer();
    const process = new Process(configOf({ jwt: jwt('/keys') }));
    expect(await ask(process.policies, ['Authorization', bearer])).toBe(200);
    process.reload(configOf({ jwt: jwt('/keys', { audience: 'another' }) }));
    expect(await ask(process.policies, ['Authorization', bearer])).toBe(401);
    process.reload(configOf({ jwt: jwt('/keys') }, { match: { path: '/more' }, respond: {} }));
    expect(await ask(process.policies, ['Authorization', bearer])).toBe(200);
    expect(fetched()).toEqual(['/keys']);
  });

  it('are fetched before the configuration that names them is in force, which does not wait for them', async () => {
    const { jwt, fetched } = await startIssuer();
    const process = new Process(configOf());
    const to = configOf({ jwt: jwt('/keys') });
    process.prepare(to);
    process.make(to);
    await eventually(() => fetched().length === 1, { what: 'the fetch' });
  });

  it('are refreshed only as long as a configuration names them, and are there for requests from before', async () => {
    const { jwt, bearer, fetched } = await startIssuer();
    const process = new Process(configOf({ jwt: jwt('/old') }));
    expect(await ask(process.policies, ['Authorization', bearer])).toBe(200);
    const before = process.reload(configOf({ jwt: jwt('/new') }));
    expect(await ask(process.policies, ['Authorization', bearer])).toBe(200);
    await vi.advanceTimersByTimeAsync(tenMinutes);
    await eventually(() => fetched().length === 3, { what: 'the refresh' });
    expect(fetched()).toEqual(['/old', '/new', '/new']);
    expect(await ask(before, ['Authorization', bearer])).toBe(200);
    // The known tokens are forgotten by now, so the keys were asked.
    expect(fetched()).toHaveLength(3);
  });

  it('that only a refused configuration names are fetched no more, and those in force go on', async () => {
    const { server, jwt, bearer, fetched } = await startIssuer();
    const from = configOf({ jwt: jwt('/old') });
    const process = new Process(from);
    expect(await ask(process.policies, ['Authorization', bearer])).toBe(200);
    const to = configOf(
      { jwt: jwt('/old') },
      { match: { path: '/b' }, respond: {}, security: { auth: { jwt: jwt('/new') } } },
    );
    const transition = process.prepare(to);
    process.make(to, 0);
    expect(await ask(process.make(to, 1), ['Authorization', bearer])).toBe(200);
    transition.discard();
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(tenMinutes);
    await eventually(() => fetched().length === 3, { what: 'the refresh' });
    expect(fetched()).toEqual(['/old', '/new', '/old']);
    await eventually(() => server.openConnections === 0, { what: 'the close' });
  });

  it('are fetched again when a configuration comes back that had them before', async () => {
    const { jwt, bearer, fetched } = await startIssuer();
    const first = configOf({ jwt: jwt('/keys') });
    const process = new Process(first);
    expect(await ask(process.policies, ['Authorization', bearer])).toBe(200);
    process.reload(configOf());
    process.reload(first);
    expect(await ask(process.policies, ['Authorization', bearer])).toBe(200);
    await vi.advanceTimersByTimeAsync(tenMinutes);
    await eventually(() => fetched().length === 3, { what: 'the refresh' });
  });

  it('of controllers stay fresh while configurations come and go', async () => {
    const { jwt, bearer, fetched } = await startIssuer();
    const inForce = configOf();
    const process = new Process(inForce);
    const { security } = configOf({ jwt: jwt('/keys') });
    const policies = process.source.policies(security, scopeOf(inForce)).map(({ policy }) => policy);
    for (let round = 0; round < 3; round++) process.reload(configOf());
    expect(await ask(policies, ['Authorization', bearer])).toBe(200);
    await vi.advanceTimersByTimeAsync(tenMinutes);
    await eventually(() => fetched().length === 2, { what: 'the refresh' });
  });
});

describe('what methods know in the next configuration', () => {
  it('is a password that was right, where only another method of the same block has changed', async () => {
    const matches = vi.spyOn(ScryptHash.prototype, 'matches');
    const basic = { users: [{ name: 'ann', scrypt: phc('secret') }] };
    const process = new Process(configOf({ basic }));
    const fields = ['Authorization', `Basic ${btoa('ann:secret')}`];
    expect(await ask(process.policies, fields)).toBe(200);
    process.reload(configOf({ basic, apiKey: { keys: [{ id: 'a', sha256: 'a'.repeat(64) }] } }));
    expect(await ask(process.policies, fields)).toBe(200);
    expect(matches).toHaveBeenCalledOnce();
    process.reload(configOf({ basic: { users: [{ name: 'ann', scrypt: phc('other') }] } }));
    expect(await ask(process.policies, fields)).toBe(401);
  });

  it('is the connection to an auth service whose block has not changed; others are closed', async () => {
    const service = await startBackend(answer(204));
    const forward = { url: `${service.url}/verify` };
    const process = new Process(configOf({ forward }));
    expect(await ask(process.policies)).toBe(200);
    process.reload(configOf({ forward }, { match: { path: '/more' }, respond: {} }));
    expect(service.openConnections).toBe(1);
    const before = process.reload(configOf({ forward: { ...forward, copyHeaders: ['x-user'] } }));
    await eventually(() => service.openConnections === 0, { what: 'the close' });
    expect([await ask(before), await ask(process.policies)]).toEqual([200, 200]);
  });
});
