import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { buildConfig } from '../../src/config/loading/load-config.js';
import { effectiveConfig } from '../../src/config/showing/effective-config.js';
import { startWithAuth, type AuthScene } from '../support/auth-scene.js';
import type { Echo } from '../support/backend.js';
import type { RequestOptions, Response } from '../support/client.js';
import { valueOf } from '../support/header-list.js';
import type { InProcessGateway } from '../support/in-process.js';
import { basic, phc } from '../support/password.js';
import { expectAtRest } from '../support/scene.js';

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
const seen = (response: Response): string[] => response.json<Echo>().headers;

const reasonOf = async (gateway: InProcessGateway, response: Response): Promise<unknown> =>
  (await gateway.waitForLog(({ requestId }) => requestId === response.header('x-request-id')))['reason'];

describe('a route that asks for a password', () => {
  const users = [
    { name: 'ops', scrypt: phc('correct horse') },
    { name: 'José', scrypt: phc('pässwörd:with:colons') },
  ];

  it('lets those in who know it, and keeps it to itself', async () => {
    const { ask, gateway } = await startWithAuth({ basic: { realm: 'the shop', users } });
    for (const way of ['checked', 'known']) {
      const response = await ask(basic('ops', 'correct horse'));
      expect([way, response.status, valueOf(seen(response), 'authorization')]).toEqual([way, 200, undefined]);
    }
    expect((await ask(basic('José', 'pässwörd:with:colons'))).status).toBe(200);
    // The same, typed on a system that separates the dots from the letters (NFD).
    expect((await ask(basic('José'.normalize('NFD'), 'pässwörd:with:colons'.normalize('NFD')))).status).toBe(200);
    expect(
      (await ask({ authorization: basic('ops', 'correct horse').authorization.replace('Basic', 'bAsIC') })).status,
    ).toBe(200);
    await expectAtRest(gateway);
    expect(JSON.stringify(gateway.logs)).not.toMatch(/correct horse|Y29ycmVjdCBob3JzZ|b3BzOmNvcnJlY3/);
  });

  it('passes it on where the file says so', async () => {
    const { ask } = await startWithAuth({ basic: { users }, forwardCredentials: true });
    const sent = basic('ops', 'correct horse');
    expect(valueOf(seen(await ask(sent)), 'authorization')).toBe(sent.authorization);
  });

  it('asks for it where it is wrong or missing, with what a browser needs', async () => {
    const { ask, gateway } = await startWithAuth({ basic: { realm: 'the shop', users } });
    const wrong = [
      {},
      basic('ops', 'wrong'),
      basic('ops', ''),
      basic('', ''),
      basic('OPS', 'correct horse'),
      basic('nobody', 'correct horse'),
      basic('__proto__', 'x'),
      basic('ops', 'correct horse\0'),
      basic('ops', `correct horse\n`),
      { authorization: 'Basic' },
      { authorization: 'Basic !!!!' },
      { authorization: `Basic ${Buffer.from('no colon').toString('base64')}` },
      { authorization: `Basic ${Buffer.from([0x6f, 0xff, 0x3a, 0x78]).toString('base64')}` },
      { authorization: `Basic ${'A'.repeat(20_000)}` },
    ];
    for (const headers of wrong) {
      const response = await ask(headers);
      expect([response.status, response.headerValues('www-authenticate')]).toEqual([
        401,
        ['Basic realm="the shop", charset="UTF-8"'],
      ]);
    }
    const response = await ask(basic('ops', 'wrong'));
    expect(await reasonOf(gateway, response)).toBe('basic wrong user name or password');
  });

  it('checks the same password once, however many requests come with it', async () => {
    const { ask } = await startWithAuth({ basic: { users: [{ name: 'ops', scrypt: phc('right', 14) }] } });
    const all = await Promise.all(Array.from({ length: 60 }, () => ask(basic('ops', 'right'))));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

describe('a route that asks for a key', () => {
  const keys = [
    { id: 'partner-1', sha256: sha256('first') },
    { id: 'partner-2', sha256: sha256('sécond').toUpperCase() },
  ];

  it('lets those in who have one, and keeps it to itself', async () => {
    const { ask } = await startWithAuth({ apiKey: { keys } });
    for (const key of ['first', Buffer.from('sécond').toString('latin1')]) {
      const response = await ask({ 'X-Api-Key': key, X_Api_Key: key });
      expect(response.status).toBe(200);
      for (const name of ['x-api-key', 'x_api_key']) expect(valueOf(seen(response), name)).toBeUndefined();
    }
  });

  it('reads the header that the file names, and passes it on where that says so', async () => {
    const { ask } = await startWithAuth({ apiKey: { header: 'X-Token', keys }, forwardCredentials: true });
    expect(valueOf(seen(await ask({ 'x-token': 'first' })), 'x-token')).toBe('first');
    expect((await ask({ 'x-api-key': 'first' })).status).toBe(401);
  });

  describe('and refuses', () => {
    let scene: AuthScene;

    beforeAll(async () => {
      scene = await startWithAuth({ apiKey: { keys } });
    });

    it.each<[string, RequestOptions['headers']]>([
      ['none', {}],
      ['a wrong one', { 'x-api-key': 'third' }],
      ['an empty one', { 'x-api-key': '' }],
      ['the hash itself', { 'x-api-key': sha256('first') }],
      ['two', ['X-Api-Key', 'first', 'X-Api-Key', 'first']],
      ['one under a look-alike name', { x_api_key: 'first' }],
      ['one in the query', {}],
      ['a very long one', { 'x-api-key': 'x'.repeat(20_000) }],
    ])('a request with %s', async (what, headers) => {
      const response = await scene.ask(headers, what.endsWith('query') ? '/?x-api-key=first' : '/');
      expect([response.status, response.header('www-authenticate')]).toEqual([401, 'ApiKey header="x-api-key"']);
      expect(scene.backend.requests).toHaveLength(0);
    });
  });
});

describe('the configuration of authentication', () => {
  const upstreams = { app: { backends: ['http://127.0.0.1:9'] } };
  const problems = (auth: object, others: object = {}): string => {
    try {
      buildConfig({ upstreams, security: { auth }, ...others });
      return '';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  const jwt = { jwks: 'https://issuer.example/keys', issuer: 'i', audience: 'a' };
  const key = { id: 'p', sha256: sha256('key') };
  const user = { name: 'ops', scrypt: phc('x') };

  it.each<[string, object, RegExp]>([
    ['no method', {}, /auth: no method: give one of jwt, apiKey, basic, forward, or mode: off/],
    ['a mode alone', { mode: 'all' }, /no method/],
    ['off and a method', { mode: 'off', jwt }, /off and jwt exclude each other/],
    ['two methods that both need Authorization', { mode: 'all', jwt, basic: { users: [user] } }, /no request can meet/],
    ['an address with a password', { jwt: { ...jwt, jwks: 'https://a:hidden@issuer.example/' } }, /may not carry/],
    ['a claim in a field of the framing', { jwt: { ...jwt, forwardClaims: { sub: 'content-length' } } }, /framing/],
    [
      'a claim in a field of the gateway',
      { jwt: { ...jwt, forwardClaims: { sub: 'X-Forwarded-For' } } },
      /sets itself/,
    ],
    ['two claims in one field', { jwt: { ...jwt, forwardClaims: { sub: 'x-a', email: 'X-A' } } }, /a field of its own/],
    ['a copy of Host', { forward: { url: 'http://a/', copyHeaders: ['host'] } }, /sets itself/],
    ['an algorithm with a shared secret', { jwt: { ...jwt, algorithms: ['HS256'] } }, /expected RS256/],
    ['the algorithm none', { jwt: { ...jwt, algorithms: ['none'] } }, /expected RS256/],
    ['a password that is no hash', { basic: { users: [{ name: 'a', scrypt: 'hunter2' }] } }, /hash-password/],
    [
      'a hash that takes all memory',
      { basic: { users: [{ name: 'a', scrypt: phc('x').replace('ln=10', 'ln=30') }] } },
      /scrypt/,
    ],
    ['the same user twice', { basic: { users: [user, user] } }, /users\[0\] has the same name/],
    ['the same key twice', { apiKey: { keys: [key, { ...key, id: 'q' }] } }, /keys\[0\] has the same hash/],
    ['keys where tokens are', { jwt, apiKey: { header: 'Authorization', keys: [key] } }, /a field of their own/],
  ])('is refused with %s', (_, auth, message) => {
    expect(problems(auth)).toMatch(message);
    expect(problems(auth)).not.toMatch(/hunter2|hidden/);
    const routes = [{ upstream: 'app', security: { auth } }];
    expect(problems({ jwt }, { routes })).toMatch(message);
  });

  it('shows no secret when it is printed', () => {
    const auth = { apiKey: { keys: [key] }, basic: { users: [user] } };
    const printed = stringify(effectiveConfig(buildConfig({ upstreams, security: { auth } })));
    expect(printed).toContain('sha256: "****"');
    expect(printed).toContain('scrypt: "****"');
    expect(printed).not.toContain(key.sha256);
    expect(printed).not.toContain(user.scrypt.slice(0, 12));
  });

  it('lets in no client whose secret is the mask of a printed file', async () => {
    const masked = {
      basic: { users: [{ name: 'ops', scrypt: '****' }] },
      apiKey: { keys: [{ id: 'p', sha256: '****' }] },
    };
    const { ask } = await startWithAuth(masked);
    for (const headers of [basic('ops', '****'), { 'x-api-key': '****' }, {}]) {
      expect((await ask(headers)).status).toBe(401);
    }
  });
});
