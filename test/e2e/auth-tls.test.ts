import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/loading/config-error.js';
import { buildConfig, parseConfig } from '../../src/config/loading/load-config.js';
import { answer, startBackend } from '../support/backend.js';
import { makeCertificate } from '../support/certificate.js';
import { eventually } from '../support/poll.js';
import { tempFolder } from '../support/temp.js';
import { bearer, Issuer, one, start } from './auth-issuer.js';

const localhost = ['127.0.0.1'];

describe('an issuer over https', () => {
  it('is believed when the authority that the file names has certified it', async () => {
    const authority = await makeCertificate({ names: ['authority'] });
    const issuing = await Issuer.startOver(await makeCertificate({ names: localhost, issuer: authority }), [
      'one',
      one,
    ]);
    const { ask } = await start({ jwt: issuing.jwt({ ca: authority.certFile }) });
    expect((await ask(bearer(await issuing.token()))).status).toBe(200);
  });

  it.each(['no authority', 'another authority'])('is not, and no token is, when %s has', async who => {
    const issuing = await Issuer.startOver(await makeCertificate({ names: localhost }), ['one', one]);
    const other = who === 'no authority' ? {} : { ca: (await makeCertificate({ names: localhost })).certFile };
    const { ask, gateway } = await start({ jwt: issuing.jwt(other) });
    const response = await ask(bearer(await issuing.token()));
    expect([response.status, response.header('x-gateway-error')]).toEqual([503, 'AUTH_UNAVAILABLE']);
    const line = await gateway.waitForLog(({ msg }) => msg === 'cannot fetch the keys for tokens');
    expect(line['reason']).toMatch(/self-signed certificate/);
    expect(issuing.fetches).toBe(0);
  });

  it('is not when its certificate is for another name', async () => {
    const authority = await makeCertificate({ names: ['authority'] });
    const tls = await makeCertificate({ names: ['other.example'], issuer: authority });
    const issuing = await Issuer.startOver(tls, ['one', one]);
    const { ask } = await start({ jwt: issuing.jwt({ ca: authority.certFile }) });
    expect((await ask(bearer(await issuing.token()))).status).toBe(503);
  });

  it('is believed once the file has the authority of its new certificate', async () => {
    const tls = await makeCertificate({ names: localhost });
    const file = join(await tempFolder(), 'ca.pem');
    await writeFile(file, (await makeCertificate({ names: localhost })).cert);
    const issuing = await Issuer.startOver(tls, ['one', one]);
    const { ask } = await start({ jwt: issuing.jwt({ ca: file }) });
    const token = bearer(await issuing.token());
    expect((await ask(token)).status).toBe(503);
    await writeFile(file, tls.cert);
    await eventually(async () => (await ask(token)).status === 200, { what: 'a good answer', deadline: 15_000 });
  });
});

describe('an auth service over https', () => {
  it('is asked when the authority that the file names has certified it', async () => {
    const authority = await makeCertificate({ names: ['authority'] });
    const tls = await makeCertificate({ names: localhost, issuer: authority });
    const service = await startBackend(answer(204, '', ['X-User-Id', 'alice']), { tls });
    const { ask, backend } = await start({
      forward: { url: service.url, ca: authority.certFile, copyHeaders: ['x-user-id'] },
    });
    expect((await ask()).status).toBe(200);
    expect(backend.requests[0]!.header('x-user-id')).toBe('alice');
  });

  it.each(['no authority', 'another authority'])('is not, and no client is let in, when %s has', async who => {
    const service = await startBackend(answer(204), { tls: await makeCertificate({ names: localhost }) });
    const other = who === 'no authority' ? {} : { ca: (await makeCertificate({ names: localhost })).certFile };
    const { ask, backend, gateway } = await start({ forward: { url: service.url, ...other } });
    const response = await ask();
    expect([response.status, response.header('x-gateway-error')]).toEqual([503, 'AUTH_UNAVAILABLE']);
    await gateway.waitForLog(({ reason }) => /the auth service: .*self-signed certificate/.test(String(reason)));
    expect([service.requests.length, backend.requests.length]).toEqual([0, 0]);
  });
});

describe('the file of authorities', () => {
  const base = { upstreams: { app: { backends: ['http://127.0.0.1:1'] } } };
  const jwt = { jwks: 'https://a.example/keys', issuer: 'a', audience: 'b' };
  const build = (auth: object) => buildConfig({ ...base, security: { auth } });

  it('must hold certificates', async () => {
    const { keyFile } = await makeCertificate();
    for (const auth of [{ jwt: { ...jwt, ca: keyFile } }, { forward: { url: 'https://a.example/', ca: keyFile } }]) {
      expect(() => build(auth)).toThrow(ConfigError);
      expect(() => build(auth)).toThrow('holds a private key instead of a certificate');
    }
    expect(() => build({ jwt: { ...jwt, ca: `${keyFile}.none` } })).toThrow('does not exist');
  });

  it('is warned of where it has no effect', async () => {
    const { certFile } = await makeCertificate();
    const auth = { forward: { url: 'http://a.example/', ca: certFile } };
    const { warnings } = parseConfig(JSON.stringify({ ...base, security: { auth } }));
    expect(warnings.map(({ message }) => message)).toEqual(['has no effect on an address without https']);
  });
});
