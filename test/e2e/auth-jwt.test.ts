import { createHash, createHmac } from 'node:crypto';
import { SignJWT, exportJWK } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { valueOf, valuesOf } from '../support/header-list.js';
import { expectAtRest } from '../support/scene.js';
import { Issuer, audience, bearer, issuer, one, part, seconds, seen, start, stranger } from './auth-issuer.js';

describe('a route that asks for a token', () => {
  let issuing: Issuer;
  let scene: Awaited<ReturnType<typeof start>>;

  beforeAll(async () => {
    issuing = await Issuer.start(['one', one]);
    scene = await start({ jwt: issuing.jwt() });
  });

  it('lets a good one through, tells the backend who it is, and keeps the token to itself', async () => {
    const token = await issuing.token();
    for (const way of ['checked', 'known']) {
      const response = await scene.ask({ ...bearer(token), 'X-User-Id': 'mallory', x_user_id: 'mallory' });
      expect([way, response.status]).toEqual([way, 200]);
      expect(valuesOf(seen(response), 'x-user-id')).toEqual(['alice']);
      expect(valueOf(seen(response), 'x_user_id')).toBeUndefined();
      expect(valueOf(seen(response), 'authorization')).toBeUndefined();
    }
  });

  it('asks for one where there is none', async () => {
    for (const headers of [{}, { authorization: 'Digest x' }, { authorization: 'Bearerx' }]) {
      const response = await scene.ask(headers);
      expect([response.status, response.headerValues('www-authenticate')]).toEqual([401, ['Bearer']]);
      expect(response.header('x-gateway-error')).toBe('DENIED');
    }
    expect(scene.backend.requests.some(({ rawHeaders }) => valueOf(rawHeaders, 'authorization') !== undefined)).toBe(
      false,
    );
  });

  const bad: [string, () => Promise<string> | string, RegExp][] = [
    ['has expired', () => issuing.token({ exp: seconds() - 60 }), /expired/],
    ['never expires', () => issuing.token({ exp: undefined }), /claim/],
    ['has an `exp` that is no number', () => issuing.token({ exp: '9999999999' }), /claim/],
    ['is not valid yet', () => issuing.token({ nbf: seconds() + 60 }), /not valid yet/],
    ['is for another audience', () => issuing.token({ aud: 'other' }), /audience/],
    ['has no audience', () => issuing.token({ aud: undefined }), /audience/],
    ['is of another issuer', () => issuing.token({ iss: `${issuer}/` }), /issuer/],
    ['is of no issuer', () => issuing.token({ iss: undefined }), /issuer/],
    ['is signed with an algorithm that is not allowed', () => issuing.token({}, { alg: 'RS512' }), /algorithm/],
    [
      'has an unknown critical extension',
      () => withHeader({ alg: 'RS256', kid: 'one', crit: ['exp2'], exp2: 1 }),
      /malformed/,
    ],
    ['is not signed (none)', () => `${part({ alg: 'none' })}.${part(claims())}.`, /malformed/],
    [
      'is not signed (None) but has a signature',
      () => `${part({ alg: 'None', kid: 'one' })}.${part(claims())}.AA`,
      /algorithm/,
    ],
    ['takes the public key for a shared secret (HS256)', () => confused(), /algorithm/],
    ['brings its own key along', () => ownKey(), /unknown key|wrong signature/],
    ['is signed by a stranger under a known name', () => strangers(), /wrong signature/],
    ['has had its claims changed', async () => swapped(await issuing.token()), /wrong signature/],
    ['has two parts', async () => (await issuing.token()).split('.').slice(0, 2).join('.'), /malformed/],
    ['has five parts', () => 'a.b.c.d.e', /malformed/],
    ['is empty', () => '', /malformed/],
    ['is two', async () => `${await issuing.token()} ${await issuing.token()}`, /malformed/],
    ['has a header that is no JSON', () => `${Buffer.from('{').toString('base64url')}.e30.AA`, /malformed/],
    ['has a header that is a number', () => `${Buffer.from('1').toString('base64url')}.e30.AA`, /malformed/],
    [
      'has a name for its key that is no text',
      () => withHeader({ alg: 'RS256', kid: { $ne: 1 } }),
      /unknown key|malformed/,
    ],
    ['has __proto__ for its algorithm', () => `${part({ alg: '__proto__' })}.e30.AA`, /algorithm|malformed/],
    ['has more than 16 kB', () => issuing.token({ x: 'x'.repeat(13_000) }), /too long/],
  ];

  it.each(bad)('refuses one that %s', async (_, make, reason) => {
    const response = await scene.ask(bearer(await make()));
    expect(response.status).toBe(401);
    expect(response.header('www-authenticate')).toMatch(
      /^Bearer error="invalid_token"(, error_description="the token has expired")?$/,
    );
    const line = await scene.gateway.waitForLog(({ requestId }) => requestId === response.header('x-request-id'));
    expect(line).toMatchObject({ status: 401, error: 'DENIED' });
    expect(line['reason']).toMatch(reason);
  });

  it('refuses a request with two Authorization fields', async () => {
    const good = `Bearer ${await issuing.token()}`;
    const response = await scene.ask(['Authorization', good, 'authorization', 'Bearer other']);
    expect(response.status).toBe(400);
  });

  it('takes a token whose clock is a little off', async () => {
    expect((await scene.ask(bearer(await issuing.token({ exp: seconds() - 2 })))).status).toBe(200);
    expect((await scene.ask(bearer(await issuing.token({ nbf: seconds() + 3 })))).status).toBe(200);
  });

  it('never writes a token into its log', async () => {
    const token = await issuing.token({ sub: 'logged' });
    await scene.ask(bearer(token));
    await scene.ask(bearer(`${token}x`));
    await scene.gateway.waitForLog(({ msg }) => msg === 'exchange');
    const text = JSON.stringify(scene.gateway.logs);
    for (const piece of token.split('.')) expect(text).not.toContain(piece);
  });

  const claims = (): object => ({ iss: issuer, aud: audience, sub: 'admin', exp: seconds() + 600 });

  function withHeader(header: object): string {
    return `${part(header)}.${part(claims())}.${Buffer.from('signature').toString('base64url')}`;
  }

  function confused(): string {
    const content = `${part({ alg: 'HS256', kid: 'one' })}.${part(claims())}`;
    const pem = one.publicKey.export({ type: 'spki', format: 'pem' });
    return `${content}.${createHmac('sha256', pem).update(content).digest('base64url')}`;
  }

  async function ownKey(): Promise<string> {
    const jwk = await exportJWK(stranger.publicKey);
    const header = { alg: 'RS256', jwk, jku: 'http://127.0.0.1:1/keys', kid: 'mine' };
    return new SignJWT({ ...claims() }).setProtectedHeader(header).sign(stranger.privateKey);
  }

  function strangers(): Promise<string> {
    return new SignJWT({ ...claims() }).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(stranger.privateKey);
  }

  function swapped(token: string): string {
    const [header, , signature] = token.split('.');
    return `${header}.${part(claims())}.${signature}`;
  }
});

describe('the claims that a backend is told', () => {
  it('cannot bring fields of their own along, nor pass for another value', async () => {
    const issuing = await Issuer.start(['one', one]);
    const forwardClaims = { sub: 'x-user-id', roles: 'x-roles', org: 'x-org', admin: 'x-admin' };
    const { ask, gateway } = await start({ jwt: issuing.jwt({ forwardClaims }) });
    const forged = { 'x-user-id': 'root', 'X-Roles': 'root', 'x-org': 'root', x_org: 'root', 'x-admin': 'root' };
    const token = await issuing.token({
      sub: 'eve\r\nx-admin: true',
      roles: ['a', 'b,root'],
      org: { id: 1 },
      admin: false,
    });
    const fields = seen(await ask({ ...bearer(token), ...forged }));
    expect(valuesOf(fields, 'x-admin')).toEqual(['false']);
    for (const name of ['x-user-id', 'x-roles', 'x-org', 'x_org']) expect(valueOf(fields, name)).toBeUndefined();
    const good = await issuing.token({ sub: 'José', roles: ['a', 'b'] });
    expect(valueOf(seen(await ask(bearer(good))), 'x-roles')).toBe('a,b');
    await expectAtRest(gateway);
  });

  it('cannot be forged on a route without authentication, or with another one', async () => {
    const issuing = await Issuer.start(['one', one]);
    const sha256 = createHash('sha256').update('key').digest('hex');
    const { ask } = await start(
      { jwt: issuing.jwt() },
      {
        routes: [
          { match: { path: '/open' }, upstream: 'app', security: { auth: { mode: 'off' } } },
          {
            match: { path: '/partner' },
            upstream: 'app',
            security: { auth: { apiKey: { keys: [{ id: 'p', sha256 }] } } },
          },
          { match: { path: '/limited' }, upstream: 'app', security: { validation: { maxBody: '1mb' } } },
          { match: { path: '/*' }, upstream: 'app' },
        ],
      },
    );
    const forged = { 'x-user-id': 'root', 'X_User-Id': 'root' };
    for (const path of ['/open', '/partner']) {
      const response = await ask({ ...forged, 'x-api-key': 'key', authorization: 'Bearer of-the-backend' }, path);
      expect(response.status).toBe(200);
      for (const name of ['x-user-id', 'x_user-id']) expect(valueOf(seen(response), name)).toBeUndefined();
      expect(valueOf(seen(response), 'authorization')).toBe('Bearer of-the-backend');
    }
    expect((await ask({}, '/partner')).headerValues('www-authenticate')).toEqual(['ApiKey header="x-api-key"']);
    expect((await ask({}, '/')).status).toBe(401);
    expect((await ask({}, '/limited')).status).toBe(401);
  });
});

describe('several methods', () => {
  const sha256 = createHash('sha256').update('key').digest('hex');
  const apiKey = { keys: [{ id: 'partner', sha256 }] };

  it('let a request through that one of them accepts, without the credentials that were not checked', async () => {
    const issuing = await Issuer.start(['one', one]);
    const { ask } = await start({ jwt: issuing.jwt(), apiKey, forwardCredentials: true });
    const token = await issuing.token();
    const byKey = seen(await ask({ ...bearer('not.a.token'), 'x-api-key': 'key', 'x-user-id': 'root' }));
    expect([valueOf(byKey, 'x-api-key'), valueOf(byKey, 'authorization'), valueOf(byKey, 'x-user-id')]).toEqual([
      'key',
      undefined,
      undefined,
    ]);
    const byToken = seen(await ask({ ...bearer(token), 'x-api-key': 'wrong' }));
    expect([valueOf(byToken, 'x-api-key'), valueOf(byToken, 'authorization')]).toEqual([undefined, `Bearer ${token}`]);
    const neither = await ask({ ...bearer('not.a.token'), 'x-api-key': 'wrong' });
    expect([neither.status, neither.headerValues('www-authenticate')]).toEqual([
      401,
      ['Bearer error="invalid_token"', 'ApiKey header="x-api-key"'],
    ]);
    expect((await ask()).headerValues('www-authenticate')).toEqual(['Bearer', 'ApiKey header="x-api-key"']);
  });

  it('must all accept it, if the file says so', async () => {
    const issuing = await Issuer.start(['one', one]);
    const { ask } = await start({ jwt: issuing.jwt(), apiKey, mode: 'all' });
    const token = bearer(await issuing.token());
    const both = await ask({ ...token, 'x-api-key': 'key' });
    expect([both.status, valueOf(seen(both), 'x-user-id'), valueOf(seen(both), 'x-api-key')]).toEqual([
      200,
      'alice',
      undefined,
    ]);
    expect((await ask(token)).headerValues('www-authenticate')).toEqual(['ApiKey header="x-api-key"']);
    expect((await ask({ 'x-api-key': 'key' })).headerValues('www-authenticate')).toEqual(['Bearer']);
    expect((await ask({ ...bearer('a.b.c'), 'x-api-key': 'key' })).status).toBe(401);
  });
});
