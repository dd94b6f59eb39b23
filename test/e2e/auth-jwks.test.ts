import { createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/poll.js';
import { Issuer, audience, bearer, issuer, one, part, rsa, seconds, start, stranger } from './auth-issuer.js';

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

  it('are not fetched again for each of 200 tokens that name unknown ones', async () => {
    const issuing = await Issuer.start(['one', one]);
    const { ask } = await start({ jwt: issuing.jwt() });
    const good = await issuing.token();
    expect((await ask(bearer(good))).status).toBe(200);
    const [, payload, signature] = good.split('.');
    for (let round = 0; round < 4; round++) {
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
      'AUTH_UNAVAILABLE',
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
    const ofNoKey = await new SignJWT({ iss: issuer, aud: audience, exp: seconds() + 60 })
      .setProtectedHeader({ alg: 'RS256' })
      .sign(rsa().privateKey);
    expect((await ask(bearer(ofNoKey))).status).toBe(401);
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
