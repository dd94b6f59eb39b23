import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../../test/support/temp.js';
import { ConfigError } from '../loading/config-error.js';
import { buildConfig } from '../loading/load-config.js';
import { effectiveConfig } from '../showing/effective-config.js';

const withAccess = (access: object): object => ({ routes: [{ respond: {} }], logging: { access } });

function problemsOf(access: object): string[] {
  try {
    buildConfig(withAccess(access));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
}

describe('logging.access.fields', () => {
  it.each([
    'header:authorization',
    'header:X-Api-Key',
    'header:sec-websocket-protocol',
    'response-header:set-cookie',
    'cookie:session',
    'claim:access_token',
  ])('refuses %s, which is likely to be a secret', source => {
    expect(problemsOf({ fields: { x: source } })).toEqual([expect.stringMatching(/likely to be a secret/)]);
  });

  it.each(['header:', 'query:a', 'header', 'tls', 'identity:a', 7])('refuses %j, which is no source', source => {
    expect(problemsOf({ fields: { x: source } })).toHaveLength(1);
  });

  it.each(['status', 'level', 'reason', 'tries'])('refuses the name %s, which each line has for itself', name => {
    expect(problemsOf({ fields: { [name]: 'user-agent' } })).toEqual([expect.stringMatching(/of its own/)]);
  });

  it('takes others, with header names in any case', () => {
    const fields = { a: 'header:X-Tenant', b: 'cookie:Beta', c: 'claim:https://a.example/tier', d: 'tls-version' };
    expect([...buildConfig(withAccess({ fields })).logging.access.fields.values()]).toEqual([
      'header:x-tenant',
      'cookie:Beta',
      'claim:https://a.example/tier',
      'tls-version',
    ]);
  });
});

describe('logging.access', () => {
  it.each(['6xx', '5x', 'slow', 'slower:', 'slower:fast', 'slower:0s', 99, 'retry'])(
    'refuses the condition %j of only',
    condition => expect(problemsOf({ only: [condition] })).toHaveLength(1),
  );

  it('takes statuses also as numbers, and shows what it has taken', () => {
    const only = [404, '5xx', 'slower:250ms', 'retried'];
    const config = buildConfig(withAccess({ only, maskAddress: '/24' }));
    expect(effectiveConfig(config)).toMatchObject({
      logging: { access: { only: ['404', '5xx', 'slower:250ms', 'retried'], maskAddress: '/24' } },
    });
  });

  it.each(['24', '/33', '/', '/-1', 24])('refuses %j as maskAddress', prefix => {
    expect(problemsOf({ maskAddress: prefix })).toHaveLength(1);
  });

  it('refuses a file that cannot be written, and makes none', async () => {
    const folder = await tempFolder();
    mkdirSync(join(folder, 'a-folder'));
    expect(problemsOf({ file: join(folder, 'none', 'access.log') })).toEqual([expect.stringMatching(/ENOENT/)]);
    expect(problemsOf({ file: join(folder, 'a-folder') })).toEqual([expect.stringMatching(/is not a file/)]);
    expect(problemsOf({ file: '/dev/null' })).toEqual([expect.stringMatching(/is not a file/)]);
    const file = join(folder, 'access.log');
    // Looking twice would find it, if looking had made it.
    expect([problemsOf({ file }), problemsOf({ file: join(file, 'x') }).length]).toEqual([[], 1]);
    expect(problemsOf({ file: '' })).toEqual([]);
  });
});

describe('security.auth.forwardUser', () => {
  it.each([
    [
      'jwt.forwardClaims',
      { jwt: { jwks: 'https://a.example/', issuer: 'i', audience: 'a', forwardClaims: { sub: 'x-user' } } },
    ],
    ['forward.copyHeaders', { forward: { url: 'http://auth:4000/', copyHeaders: ['x-user'] } }],
    ['apiKey.header', { apiKey: { header: 'x-user', keys: [{ id: 'a', sha256: 'a'.repeat(64) }] } }],
  ])('may not be the field of %s', (owner, auth) => {
    const build = (): unknown =>
      buildConfig({ ...withAccess({}), security: { auth: { ...auth, forwardUser: 'x-user' } } });
    expect(build).toThrow(`belongs to ${owner}`);
  });
});
