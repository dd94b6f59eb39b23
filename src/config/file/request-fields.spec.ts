import { describe, expect, it } from 'vitest';
import { ConfigError } from '../loading/config-error.js';
import { parseConfig } from '../loading/load-config.js';

const upstreams = { app: { backends: ['http://127.0.0.1:3001'] } };
const key = { id: 'a', sha256: '2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683' };
const token = { jwks: 'https://issuer.example/jwks.json', issuer: 'https://issuer.example', audience: 'shop' };

function check(change: object): { problems: string[]; warnings: string[] } {
  const lines = (found: readonly { path: string; message: string }[]): string[] =>
    found.map(({ path, message }) => `${path}: ${message}`);
  try {
    return { problems: [], warnings: lines(parseConfig(JSON.stringify({ upstreams, ...change })).warnings) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: lines(error.problems), warnings: [] };
  }
}

const withId = (header: string, auth?: object, route?: object): object => ({
  requestId: { header },
  ...(auth && { security: { auth } }),
  ...(route && { routes: [{ upstream: 'app', security: { auth: route } }] }),
});

describe('requestId.header', () => {
  it.each([
    'x-forwarded-for',
    'X-Forwarded-Ssl',
    'x_forwarded_user',
    'x-original-url',
    'true-client-ip',
    'CF-Connecting-IP',
    'x-client-cert-subject',
    'authorization',
    'cookie',
    'set-cookie',
    'x-gateway-error',
  ])('is refused where it names %s, which means something else', header => {
    expect(check(withId(header)).problems).toEqual([
      expect.stringMatching(/^requestId\.header: .*has another meaning: choose another name/),
    ]);
  });

  it.each([
    [
      'security.auth.jwt.forwardClaims',
      withId('x-user-id', { jwt: { ...token, forwardClaims: { sub: 'x-user-id' } } }),
    ],
    ['security.auth.apiKey.header', withId('x-api-key', { apiKey: { header: 'X-Api-Key', keys: [key] } })],
    ['security.auth.apiKey.header', withId('x-api_key', { apiKey: { header: 'X-Api-Key', keys: [key] } })],
    [
      'routes[0].security.auth.forward.copyHeaders',
      withId('x-user', undefined, { forward: { url: 'http://auth:4000/verify', copyHeaders: ['x-team', 'x-user'] } }),
    ],
    ['forwardedFields.add', { requestId: { header: 'x-edge' }, forwardedFields: { add: ['X-Edge'] } }],
  ])('is refused where the field belongs to %s: one would overwrite the other', (owner, change) => {
    expect(check(change).problems).toEqual([
      expect.stringMatching(new RegExp(`^requestId\\.header: .* belongs to ${RegExp.escape(owner)}`)),
    ]);
  });

  it('may be any other field', () => {
    const auth = {
      jwt: { ...token, forwardClaims: { sub: 'x-user-id' } },
      apiKey: { header: 'x-api-key', keys: [key] },
    };
    for (const header of ['x-correlation-id', 'request-id', 'x-user-id-2', 'cf-ray', 'x-amzn-trace-id']) {
      expect(check(withId(header, auth))).toEqual({ problems: [], warnings: [] });
    }
  });
});

describe('forwardedFields.keep', () => {
  it('causes a warning where it keeps a field that is not removed', () => {
    expect(
      check({ forwardedFields: { keep: ['x-client-ip', 'x-forwarded-prefix', 'x_original_url', 'x-clientip'] } }),
    ).toEqual({
      problems: [],
      warnings: [
        'forwardedFields.keep[3]: "x-clientip" is not among the fields that are taken away, so that keeping it has no effect',
      ],
    });
  });

  it('causes a warning where the same field is removed by another key', () => {
    expect(check({ forwardedFields: { add: ['x-edge'], keep: ['x-edge'] } }).warnings).toEqual([
      expect.stringMatching(/^forwardedFields\.keep\[0\]: "x-edge" stands in forwardedFields\.add too/),
    ]);
  });
});

describe('headers.request', () => {
  it.each([{ remove: ['Via'] }, { set: { via: '1.1 other' } }])(
    'causes a warning where it hides loops: %j',
    request => {
      const routes = [{ upstream: 'app', headers: { request } }];
      expect(check({ routes }).warnings).toEqual([
        expect.stringMatching(/^routes\[0\]\.headers\.request\..*Via.*LOOP/),
      ]);
    },
  );
});
