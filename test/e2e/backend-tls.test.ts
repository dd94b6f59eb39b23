import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { request } from '../support/client.js';
import { gatewayTo } from '../support/scene.js';

describe('a backend over TLS', () => {
  let authority: Certificate;
  let server: Certificate;

  beforeAll(async () => {
    authority = await makeCertificate({ names: [], commonName: 'Backends' });
    server = await makeCertificate({ names: ['localhost', 'orders.internal'], issuer: authority });
  });

  const start = (certificate: Certificate, more = {}) =>
    startBackend(undefined, { tls: { key: certificate.key, cert: certificate.cert, ...more } });
  const byName = (url: string): string => url.replace('127.0.0.1', 'localhost');

  /** What a client gets, and what the log says of the failure. */
  const ask = async (url: string, tls: object | undefined, others: object = {}) => {
    const gateway = await gatewayTo([url], { ...(tls && { tls }), retries: { attempts: 0 }, ...others });
    const response = await request(gateway.port, { headers: { host: 'shop.example' } });
    const line = await gateway.waitForLog(({ msg }) => msg === 'exchange');
    expect(line['error']).toBe(response.header('x-gateway-error'));
    return { status: response.status, error: line['error'], reason: String(line['reason']), text: response.text };
  };

  it('is verified by the authority that the upstream names, under the name in its URL', async () => {
    const backend = await start(server);
    expect(await ask(byName(backend.url), { ca: authority.certFile })).toMatchObject({ status: 200 });
  });

  it('is verified under the name that the upstream gives, which is asked for as well', async () => {
    const names: string[] = [];
    const backend = await start(server, {
      SNICallback: (name: string, answer: (error: null) => void) => {
        names.push(name);
        answer(null);
      },
    });
    const tls = { ca: authority.certFile, serverName: 'orders.internal' };
    expect(await ask(backend.url, tls)).toMatchObject({ status: 200 });
    expect(names).toEqual(['orders.internal']);
  });

  it.each([
    ['of an unknown authority', undefined, /self-signed certificate|unable to verify|UNABLE_TO/],
    ['under another name', { serverName: 'other.internal' }, /ERR_TLS_CERT_ALTNAME_INVALID.*other\.internal/],
    ['under its address, which is not in its certificate', {}, /ERR_TLS_CERT_ALTNAME_INVALID.*127\.0\.0\.1/],
  ])('is refused %s', async (_, tls, reason) => {
    const backend = await start(server);
    const found = await ask(backend.url, tls && { ca: authority.certFile, ...tls });
    expect(found).toMatchObject({ status: 502, error: 'CONNECT_FAILED' });
    expect(found.reason).toMatch(reason);
    // What is wrong inside is for the log, not for clients.
    expect(found.text).not.toMatch(/127\.0\.0\.1|internal|certificate/);
  });

  it('is refused when its certificate has expired', async () => {
    const expired = await makeCertificate({ names: ['localhost'], days: -1, issuer: authority });
    const backend = await start(expired);
    const found = await ask(byName(backend.url), { ca: authority.certFile });
    expect(found).toMatchObject({ status: 502, error: 'CONNECT_FAILED' });
    expect(found.reason).toMatch(/CERT_HAS_EXPIRED/);
  });

  it('is not verified when the upstream says so', async () => {
    const expired = await makeCertificate({ names: ['other.example'], days: -1 });
    const backend = await start(expired);
    expect(await ask(backend.url, { verify: false })).toMatchObject({ status: 200 });
  });

  it('is shown the certificate of the gateway, and refuses it without one', async () => {
    const client = await makeCertificate({ names: [], commonName: 'gateway', issuer: authority });
    const backend = await start(server, { requestCert: true, rejectUnauthorized: true, ca: authority.cert });
    const tls = { ca: authority.certFile };
    const own = { cert: client.certFile, key: client.keyFile };
    expect(await ask(byName(backend.url), { ...tls, ...own })).toMatchObject({ status: 200 });
    const refused = await ask(byName(backend.url), tls);
    expect(refused.status).toBe(502);
    expect(refused.reason).toMatch(/certificate required|handshake failure|closed|ECONNRESET|socket/i);
  });

  it('does not get through with an old protocol', async () => {
    const backend = await start(server, {
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const found = await ask(byName(backend.url), { ca: authority.certFile });
    expect(found).toMatchObject({ status: 502, error: 'CONNECT_FAILED' });
    expect(found.reason).toMatch(/protocol version|UNSUPPORTED_PROTOCOL/i);
  });

  it('is no backend when it does not speak TLS at all', async () => {
    const plain = await startBackend();
    const found = await ask(plain.url.replace('http:', 'https:'), undefined);
    expect(found).toMatchObject({ status: 502, error: 'CONNECT_FAILED' });
  });
});
