import { beforeAll, describe, expect, it } from 'vitest';
import { answer, startBackend, type TestBackend } from '../support/backend.js';
import { makeCertificate } from '../support/certificate.js';
import { request } from '../support/client.js';
import { connectHttp2 } from '../support/http2-client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { Issuer, one } from './auth-issuer.js';

/** What Node shows as Latin-1, read as the bytes that it was. */
const utf8 = (value: unknown): string => Buffer.from(String(value), 'latin1').toString('utf8');

const names = { 'x-ue': 'für', 'x-name': 'Łukasz', 'x-smile': '😀' };

describe.each(['default', 'http-proxy-middleware'])('what the configuration and tokens say, behind %s', forwarder => {
  let backend: TestBackend;
  let gateway: InProcessGateway;
  let secure: number;
  let issuing: Issuer;

  beforeAll(async () => {
    backend = await startBackend(answer(200, 'ok'));
    issuing = await Issuer.start(['one', one]);
    const { certFile, keyFile } = await makeCertificate();
    gateway = await startInProcess({
      listeners: [
        { name: 'web', host: '127.0.0.1', port: 0 },
        { name: 'secure', host: '127.0.0.1', port: 0, tls: { certificates: [{ cert: certFile, key: keyFile }] } },
      ],
      upstreams: { app: { backends: [backend.url], forwarder } },
      routes: [
        { match: { path: '/pong' }, respond: { status: 200, headers: names, body: 'ok' } },
        {
          match: { path: '/token' },
          upstream: 'app',
          security: { auth: { jwt: issuing.jwt({ forwardClaims: { sub: 'x-user', groups: 'x-groups' } }) } },
        },
        { match: { path: '/match', headers: { 'x-name': 'Łukasz' } }, respond: { status: 204 } },
        { match: { path: '/*' }, upstream: 'app', headers: { request: { set: names }, response: { add: names } } },
      ],
    });
    secure = gateway.gateway.listeners[1]!.port!;
  });

  it('goes to the backend as UTF-8, with and without a body', async () => {
    for (const options of [{}, { method: 'POST', body: 'x' }, { method: 'PUT', headers: { te: 'trailers' } }]) {
      await request(gateway.port, options);
      for (const [name, text] of Object.entries(names)) expect(utf8(backend.last.header(name))).toBe(text);
    }
  });

  it('goes to the client as UTF-8, over HTTP/1.1 and HTTP/2, from backends and from the gateway', async () => {
    const client = await connectHttp2(secure);
    for (const path of ['/', '/pong']) {
      const first = await request(gateway.port, { path });
      const second = await client.request({ headers: { ':path': path } });
      for (const [name, text] of Object.entries(names)) {
        expect([path, utf8(first.header(name)), utf8(second.headers[name])]).toEqual([path, text, text]);
      }
    }
  });

  it('tells backends of claims in UTF-8', async () => {
    const token = await issuing.token({ sub: 'Łukasz Müller', groups: ['ü', '李'] });
    const headers = { authorization: `Bearer ${token}` };
    const client = await connectHttp2(secure);
    const ask = [
      () => request(gateway.port, { path: '/token', headers }),
      () => client.request({ headers: { ':path': '/token', ...headers } }),
    ];
    for (const each of ask) {
      expect((await each()).status).toBe(200);
      expect([utf8(backend.last.header('x-user')), utf8(backend.last.header('x-groups'))]).toEqual([
        'Łukasz Müller',
        'ü,李',
      ]);
    }
  });

  it('is compared with what clients send in UTF-8', async () => {
    const value = Buffer.from('Łukasz').toString('latin1');
    expect((await request(gateway.port, { path: '/match', headers: { 'x-name': value } })).status).toBe(204);
    expect((await request(gateway.port, { path: '/match', headers: { 'x-name': 'Lukasz' } })).status).toBe(200);
  });
});
