import { createHash, createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT, exportJWK, type JWTHeaderParameters } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type Echo, type TestBackend } from '../support/backend.js';
import { request, type RequestOptions, type Response } from '../support/client.js';
import { valueOf, valuesOf } from '../support/header-list.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { expectAtRest } from '../support/scene.js';

const issuer = 'https://issuer.example';
const audience = 'shop';

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const rsa = (): Pair => generateKeyPairSync('rsa', { modulusLength: 2048 });
const seconds = (): number => Math.floor(Date.now() / 1000);

/** A server with a key set that can be changed while it runs. */
class Issuer {
  keys: object[] = [];
  fetches = 0;
  /** What it answers instead of the keys. */
  answer: (() => [status: number, body: string]) | undefined;

  constructor(
    private readonly pairs: Map<string, Pair>,
    readonly server: TestBackend,
  ) {}

  static async start(...pairs: [kid: string, pair: Pair][]): Promise<Issuer> {
    const server = await startBackend();
    const self = new Issuer(new Map(), server);
    server.handler = (_request, response) => {
      self.fetches++;
      const [status, body] = self.answer?.() ?? [200, JSON.stringify({ keys: self.keys })];
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    };
    for (const [kid, pair] of pairs) await self.add(kid, pair);
    return self;
  }

  async add(kid: string, pair: Pair, more: object = {}): Promise<void> {
    this.pairs.set(kid, pair);
    this.keys.push({ ...(await exportJWK(pair.publicKey)), kid, use: 'sig', ...more });
  }

  /** A good token, but for what is changed. */
  token(claims: object = {}, header: Partial<JWTHeaderParameters> = {}, kid = 'one'): Promise<string> {
    const all = { iss: issuer, aud: audience, sub: 'alice', exp: seconds() + 600, ...claims };
    return new SignJWT(all as Record<string, unknown>)
      .setProtectedHeader({ alg: 'RS256', kid, ...header })
      .sign(this.pairs.get(kid)!.privateKey);
  }

  jwt(more: object = {}): object {
    return { jwks: `${this.server.url}/keys`, issuer, audience, forwardClaims: { sub: 'x-user-id' }, ...more };
  }
}

const one = rsa();
const stranger = rsa();

async function start(
  auth: object,
  others: object = {},
): Promise<{
  gateway: InProcessGateway;
  backend: TestBackend;
  ask: (headers?: RequestOptions['headers'], path?: string) => Promise<Response>;
}> {
  const backend = await startBackend();
  const gateway = await startInProcess({
    upstreams: { app: { backends: [backend.url] } },
    security: { auth },
    ...others,
  });
  const ask = (headers: RequestOptions['headers'] = {}, path = '/'): Promise<Response> =>
    request(gateway.port, { path, headers });
  return { gateway, backend, ask };
}

const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });
const seen = (response: Response): string[] => response.json<Echo>().headers;
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

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
    ['is for nobody', () => issuing.token({ aud: undefined }), /audience/],
    ['is of another issuer', () => issuing.token({ iss: `${issuer}/` }), /issuer/],
    ['is of no issuer', () => issuing.token({ iss: undefined }), /issuer/],
    ['is signed with an algorithm that is not allowed', () => issuing.token({}, { alg: 'RS512' }), /algorithm/],
    [
      'has a critical extension that nobody knows',
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

describe('the keys of an issuer', () => {
  it('may be changed: a token with the new one is good at once', async () => {
    const issuing = await Issuer.start(['one', one]);
    const { ask } = await start({ jwt: issuing.jwt() });
    const old = await issuing.token();
    expect((await ask(bearer(old))).status).toBe(200);
    issuing.keys = [];
    await issuing.add('two', stranger);
    expect((await ask(bearer(await issuing.token({}, {}, 'two')))).status).toBe(200);
    // The key is gone, and so are the tokens that it had signed, known or not.
    expect((await ask(bearer(old))).status).toBe(401);
    expect(issuing.fetches).toBe(2);
  });

  it('are not fetched again for each of 1,000 tokens that name unknown ones', async () => {
    const issuing = await Issuer.start(['one', one]);
    const { ask } = await start({ jwt: issuing.jwt() });
    const good = await issuing.token();
    expect((await ask(bearer(good))).status).toBe(200);
    const [, payload, signature] = good.split('.');
    for (let round = 0; round < 20; round++) {
      const garbage = Array.from(
        { length: 50 },
        (_, i) => `${part({ alg: 'RS256', kid: `${round}-${i}` })}.${payload}.${signature}`,
      );
      const statuses = await Promise.all(garbage.map(async token => (await ask(bearer(token))).status));
      expect(new Set(statuses)).toEqual(new Set([401]));
    }
    expect(issuing.fetches).toBeLessThanOrEqual(2);
  });

  it('stay in use when the issuer has gone; a token with an unknown one gets 503, as it may be good', async () => {
    const issuing = await Issuer.start(['one', one]);
    const { ask, gateway } = await start({ jwt: issuing.jwt() });
    expect((await ask(bearer(await issuing.token()))).status).toBe(200);
    await issuing.server.close();
    expect((await ask(bearer(await issuing.token({ sub: 'bob' })))).status).toBe(200);
    await issuing.add('two', stranger);
    const unknown = await ask(bearer(await issuing.token({}, {}, 'two')));
    expect([unknown.status, unknown.header('retry-after'), unknown.header('x-gateway-error')]).toEqual([
      503,
      '1',
      'DENIED',
    ]);
    await gateway.waitForLog(({ msg }) => msg === 'cannot fetch the keys for tokens');
  });

  it('need not be there when the gateway starts: requests get 503 until they are', async () => {
    const issuing = await Issuer.start(['one', one]);
    issuing.answer = () => [500, 'not yet'];
    const { ask } = await start({ jwt: issuing.jwt() });
    const token = bearer(await issuing.token());
    const early = await ask(token);
    expect([early.status, early.header('retry-after')]).toEqual([503, '1']);
    expect((await ask()).status).toBe(401);
    issuing.answer = undefined;
    await eventually(async () => (await ask(token)).status === 200, { what: 'a good answer', deadline: 10_000 });
  });

  it.each<[string, () => [number, string]]>([
    ['no JSON', () => [200, '<html>']],
    ['no key set', () => [200, '{"keys":"none"}']],
    ['an empty set', () => [200, '{"keys":[]}']],
    ['null', () => [200, 'null']],
    ['more than it may be', () => [200, JSON.stringify({ keys: [], more: 'x'.repeat(300_000) })]],
    ['a redirect', () => [302, '']],
  ])('are not taken from an answer that is %s', async (_, answer) => {
    const issuing = await Issuer.start(['one', one]);
    issuing.answer = answer;
    const { ask, gateway } = await start({ jwt: issuing.jwt() });
    expect((await ask(bearer(await issuing.token()))).status).toBe(503);
    await gateway.waitForLog(({ msg }) => msg === 'cannot fetch the keys for tokens');
  });

  it('need not be named by a token, also where there are several', async () => {
    const issuing = await Issuer.start(['one', one], ['two', stranger]);
    const { ask } = await start({ jwt: issuing.jwt() });
    for (const kid of ['one', 'two']) {
      expect((await ask(bearer(await issuing.token({}, { kid: undefined } as object, kid)))).status).toBe(200);
    }
    const nobodys = await new SignJWT({ iss: issuer, aud: audience, exp: seconds() + 60 })
      .setProtectedHeader({ alg: 'RS256' })
      .sign(rsa().privateKey);
    expect((await ask(bearer(nobodys))).status).toBe(401);
    const late = await issuing.token({ exp: seconds() - 60 }, { kid: undefined } as object, 'two');
    expect((await ask(bearer(late))).header('www-authenticate')).toContain('expired');
  });

  it('may be of any algorithm that is allowed; a secret or a weak key in the set opens nothing', async () => {
    const issuing = await Issuer.start(
      ['ec', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
      ['ed', generateKeyPairSync('ed25519')],
      ['weak', generateKeyPairSync('rsa', { modulusLength: 1024 })],
    );
    issuing.keys.push({ kty: 'oct', k: Buffer.from('secret').toString('base64url'), kid: 'shared', alg: 'HS256' });
    const { ask } = await start({ jwt: issuing.jwt({ algorithms: ['RS256', 'ES256', 'EdDSA'] }) });
    const status = async (token: string): Promise<number> => (await ask(bearer(token))).status;
    expect(await status(await issuing.token({}, { alg: 'ES256' }, 'ec'))).toBe(200);
    expect(await status(await issuing.token({}, { alg: 'EdDSA' }, 'ed'))).toBe(200);
    const content = (alg: string, kid: string): string =>
      `${part({ alg, kid })}.${part({ iss: issuer, aud: audience, exp: seconds() + 60 })}`;
    const shared = content('HS256', 'shared');
    expect(await status(`${shared}.${createHmac('sha256', 'secret').update(shared).digest('base64url')}`)).toBe(401);
    expect(await status(`${content('RS256', 'weak')}.${Buffer.alloc(128).toString('base64url')}`)).toBe(401);
    expect(await status(`${content('ES256', 'ed')}.${Buffer.alloc(64).toString('base64url')}`)).toBe(401);
  });
});
