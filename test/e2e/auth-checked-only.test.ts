import { hash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { answer, startBackend, type Echo, type TestBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { valueOf } from '../support/header-list.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { audience, issuer, Issuer, rsa } from './auth-issuer.js';

const apiKey = { keys: [{ id: 'partner', sha256: hash('sha256', 'key') }] };

describe('credentials that no method has checked', () => {
  let gateway: InProcessGateway;
  let service: TestBackend;
  let issuing: Issuer;

  beforeAll(async () => {
    const backend = await startBackend();
    // It lets every client in, like a service that only reads a cookie.
    service = await startBackend(answer(204, '', ['X-User-Id', 'bob']));
    issuing = await Issuer.start(['one', rsa()]);
    const jwt = { jwks: `${issuing.server.url}/keys`, issuer, audience };
    const forward = { url: service.url, copyHeaders: ['x-user-id'] };
    const route = (path: string, auth: object): object => ({ match: { path }, upstream: 'app', security: { auth } });
    gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] } },
      routes: [
        route('/both', { jwt, forward, forwardCredentials: true }),
        route('/service', { forward }),
        route('/key', { apiKey, forward, forwardCredentials: true }),
      ],
    });
  });

  async function seen(path: string, headers: Record<string, string>): Promise<(string | undefined)[]> {
    const response = await request(gateway.port, { path, headers });
    expect(response.status).toBe(200);
    const fields = response.json<Echo>().headers;
    return ['authorization', 'x-api-key', 'x-user-id'].map(name => valueOf(fields, name));
  }

  it('are not passed on: a token that was refused, where a service has let the request in', async () => {
    const forged = `${await issuing.token()}x`;
    expect(await seen('/both', { authorization: `Bearer ${forged}` })).toEqual([undefined, undefined, 'bob']);
    expect(await seen('/both', { authorization: 'Bearer nonsense' })).toEqual([undefined, undefined, 'bob']);
  });

  it('are told from those that were: a good token, and what only the service understands', async () => {
    const token = `Bearer ${await issuing.token()}`;
    expect(await seen('/both', { authorization: token })).toEqual([token, undefined, undefined]);
    expect(await seen('/both', { authorization: 'Session 7' })).toEqual(['Session 7', undefined, 'bob']);
    expect(await seen('/service', { authorization: 'Bearer opaque' })).toEqual(['Bearer opaque', undefined, 'bob']);
  });

  it('are not passed on: what only the service could have checked, where a key has let the request in', async () => {
    expect(await seen('/key', { 'x-api-key': 'key', authorization: 'Bearer forged' })).toEqual([
      undefined,
      'key',
      undefined,
    ]);
    expect(await seen('/key', { 'x-api-key': 'wrong', authorization: 'Bearer opaque' })).toEqual([
      'Bearer opaque',
      undefined,
      'bob',
    ]);
  });
});
