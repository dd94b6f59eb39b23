import { describe, expect, it } from 'vitest';
import { CredentialFields } from './credential-fields.js';
import { buildConfig } from '../config/loading/load-config.js';

describe('a field with credentials', () => {
  const config = buildConfig({
    upstreams: { app: { backends: ['http://a'] } },
    security: { auth: { apiKey: { header: 'x-k', keys: [{ id: 'a', sha256: 'a'.repeat(64) }] } } },
  });
  const fields = new CredentialFields(config);

  it.each(['x-k', 'x_k', 'x.k', 'authorization', 'dpop', 'sec-websocket-protocol', 'x_sid_', 'proxy-authorization'])(
    'is %s, which a TRACE does not carry on',
    name => expect(fields.has(name)).toBe(true),
  );

  it('of API keys is that of the configuration in question, and of no other', () => {
    const apiKey = { header: 'x-next', keys: [{ id: 'a', sha256: 'a'.repeat(64) }] };
    const upstreams = { app: { backends: ['http://a'] } };
    const next = new CredentialFields(
      buildConfig({ upstreams, routes: [{ upstream: 'app', security: { auth: { apiKey } } }] }),
    );
    expect([next.has('x-next'), next.has('x-k'), fields.has('x-next')]).toEqual([true, false, false]);
  });

  it.each(['x-kind', 'xk', 'accept', 'sec-websocket-version'])('is not %s', name =>
    expect(fields.has(name)).toBe(false),
  );
});
