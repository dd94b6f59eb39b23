import { describe, expect, it } from 'vitest';
import { ConfigError } from '../config-error.js';
import { effectiveConfig } from '../../showing/effective-config.js';
import { buildConfig, parseConfig } from '../load-config.js';
import { holdsSecret } from '../../language/kinds/header.js';
import { formatProblem } from '../problem.js';

const app = 'upstreams: { app: { backends: [http://127.0.0.1:3001] } }';

function complaints(text: string): { errors: string[]; warnings: string[] } {
  try {
    return { errors: [], warnings: parseConfig(`${app}\n${text}`).warnings.map(formatProblem) };
  } catch (error) {
    if (error instanceof ConfigError) return { errors: error.problems.map(formatProblem), warnings: [] };
    throw error;
  }
}

describe('a file that was printed, and so has **** in the place of its secrets', () => {
  it.each([
    ['admin: { token: "****" }', 'admin.token'],
    [
      'routes: [{ upstream: app, headers: { request: { set: { x-signature: "****" } } } }]',
      'routes[0].headers.request.set.x-signature',
    ],
    ['security: { auth: { apiKey: { keys: [{ id: a, sha256: "****" }] } } }', 'security.auth.apiKey.keys[0].sha256'],
    ['security: { auth: { basic: { users: [{ name: a, scrypt: "****" }] } } }', 'security.auth.basic.users[0].scrypt'],
    ['security: { policies: [{ name: hmac, secret: "****" }] }', 'security.policies[0].options.secret'],
  ])('is warned of: %s', (text, path) => {
    const { errors, warnings } = complaints(text);
    expect(errors).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(`${path}: is ****, the mask of a configuration that was printed`);
  });

  it.each(['redis://:****@store:6379', 'redis://ops:****@store:6379', 'redis://store:6379?password=****'])(
    'is warned of where an address has it: %s',
    redis => {
      expect(complaints(`rateLimitStore: { redis: "${redis}" }`)).toEqual({
        errors: [],
        warnings: [expect.stringMatching(/rateLimitStore.*holds \*{4}, the mask/)],
      });
    },
  );

  it.each(['https://app.example/?sig=****', '/x?sig=****'])('is warned of where a redirect has it: %s', to => {
    expect(complaints(`routes: [{ match: { path: /a }, redirect: { to: "${to}" } }, { upstream: app }]`)).toEqual({
      errors: [],
      warnings: [expect.stringMatching(/redirect.to: holds \*{4}, the mask/)],
    });
  });

  it.each([
    'headers: { x-internal-token: "****" }',
    'query: { api_key: "****" }',
    'headers: { referer: "https://u:****@a" }',
  ])('is refused where every client who sends the mask would meet the condition of a route: %s', match => {
    const { errors } = complaints(`routes: [{ upstream: app, match: { ${match} } }]`);
    expect(errors).toEqual([expect.stringMatching(/(is|holds) \*{4}, the mask .* anyone may send that/)]);
  });

  it('is not confused with one that has no secrets', () => {
    expect(complaints('routes: [{ upstream: app, match: { path: "/****" } }]').warnings).toEqual([]);
  });
});

describe('a name whose value may be a secret', () => {
  it.each([
    'Authorization',
    'X-Auth-Request',
    'x-hub-signature-256',
    'x-session-id',
    'PHPSESSID',
    'jwt',
    'x-jwt-assertion',
    'X-Credential',
    'x-amz-key',
    'passwd',
    'x-db-pass',
    'x-origin-verify',
    'x-csrf-token',
    'sig',
    'x-otp',
    'DPoP',
  ])('has a name like %s', name => expect(holdsSecret(name)).toBe(true));

  it.each([
    'x-tier',
    'host',
    'accept',
    'x-forwarded-for',
    'server',
    'cache-control',
    'x-v',
    'content-type',
    'vary',
    'x-request-id',
    'access-control-allow-credentials',
    'design',
    'inside',
  ])('has no name like %s', name => expect(holdsSecret(name)).toBe(false));

  it('is masked where a redirect, a header rule, an answer or a condition holds it in a URL', () => {
    const url = (shown: string): string => `https://u:${shown}@h/?v=1&access_token=${shown}&X-Amz-Signature=${shown}`;
    const to = (shown: string): string => `https://h/:rest?access_token=${shown}&sig=${shown}`;
    const routes = (shown: string): object[] => [
      { match: { path: ['/a/*'] }, redirect: { to: to(shown) } },
      {
        match: { path: ['/b'], headers: { referer: url(shown) } },
        headers: { request: { add: { referer: url(shown) } }, response: { set: { location: url(shown) } } },
        respond: { headers: { location: url(shown) } },
      },
    ];
    expect(effectiveConfig(buildConfig({ routes: routes('s1') }))).toMatchObject({ routes: routes('****') });
  });

  it('is masked in the options of what modules register, at any depth', () => {
    const options = { secret: 's1', nested: { apiKeys: ['s2'], url: 'u' }, key: 'header:x-user', window: 5 };
    const config = buildConfig({
      upstreams: { app: { backends: ['http://a'], strategy: { name: 'own', ...options } } },
      security: { policies: [{ name: 'hmac', ...options }] },
    });
    const shown = { secret: '****', nested: { apiKeys: ['****'], url: 'u' }, key: 'header:x-user', window: 5 };
    expect(effectiveConfig(config)).toMatchObject({
      upstreams: { app: { strategy: { name: 'own', ...shown } } },
      security: { policies: [{ name: 'hmac', ...shown }] },
    });
  });

  it.each(['x-signature', 'x-session', 'x-jwt', 'x-credential', 'authorization', 'x-pass'])(
    'is not shown when its value is refused for a line break: %s',
    name => {
      for (const rules of ['request: { set', 'request: { add', 'response: { set']) {
        const text = `routes: [{ upstream: app, headers: { ${rules}: { ${name}: "hidden\\r\\nhidden" } } } }]`;
        expect(complaints(text).errors.join()).toMatch(/expected a header value/);
        expect(complaints(text).errors.join()).not.toContain('hidden');
      }
      const fallback = `routes: [{ respond: { headers: { ${name}: "hidden\\r\\n" } } }]`;
      expect(complaints(fallback).errors.join()).not.toContain('hidden');
    },
  );
});

describe('a token that is refused', () => {
  const refusals = (token: string, env = {}): string => {
    try {
      parseConfig(`${app}\nadmin: { token: "${token}" }`, { env });
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
    }
    throw new Error('the token was taken');
  };

  it('is never shown, wherever it came from', () => {
    const says = 'admin.token: found "****", expected a token of visible characters, or { file: path }';
    expect(refusals('s3cr et')).toBe(`gateway.yaml:2:17 ${says}`);
    expect(refusals('${TOKEN}', { TOKEN: 's3cr et' })).toBe(`gateway.yaml:2:17 ${says}`);
  });

  it('is not shown either when its variable is not well-formed', () => {
    try {
      parseConfig(`${app}\nadmin: { token: "s3cret\${" }`);
    } catch (error) {
      expect((error as ConfigError).problems).toHaveLength(1);
      expect(JSON.stringify((error as ConfigError).problems)).not.toContain('s3cret');
      return;
    }
    throw new Error('the token was taken');
  });
});
