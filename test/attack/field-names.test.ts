import { hash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { rawRequest } from '../support/client.js';
import { makeCertificate } from '../support/certificate.js';
import { namesOf, valuesOf } from '../support/header-list.js';
import { connectHttp2, type Http2Client } from '../support/http2-client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { startStrictBackend, type StrictBackend } from '../support/strict-backend.js';
import type { StrictRequest } from '../support/strict-request.js';

/** Spellings that some server takes for the same name. */
const spellings = (name: string): string[] => [
  name,
  name.toUpperCase(),
  name.replaceAll('-', '_'),
  name.replaceAll('-', '.'),
  name.replace('-', '_'),
  name.replace('-', '.').replace('-', '_'),
  name.replaceAll('-', '~'),
];

/** Fields that only a trusted proxy may send. */
const forwarding = [
  ...['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Port', 'X-Forwarded-Prefix'],
  ...['X-Forwarded-Ssl', 'X-Forwarded-Scheme', 'X-Forwarded-Server', 'X-Forwarded-User', 'X-Forwarded-Anything-At-All'],
  ...['X-Real-IP', 'Forwarded', 'X-Original-URL', 'X-Original-Host', 'X-Original-Forwarded-For', 'X-Rewrite-URL'],
  ...['Front-End-Https', 'X-Client-IP', 'True-Client-IP', 'CF-Connecting-IP', 'Fastly-Client-IP', 'Client-IP'],
  ...['X-Cluster-Client-IP', 'X-Forwarded', 'X-Scheme', 'X-Url-Scheme', 'X-Our-Edge', `X-Forwarded-${'x'.repeat(70)}`],
];
const certificate = ['X-Client-Cert-Subject', 'X-Client-Cert-Fingerprint'];
const identity = ['X-User-Id', 'X-Role'];
const rules = ['X-Secret', 'X-Tier', 'X-Api-Key', ...identity];

const key = { id: 'k', sha256: hash('sha256', 'right') };
const nowhere = 'http://127.0.0.1:9/';

const config = (backend: StrictBackend, forwarder: string, tls: object): object => ({
  listeners: [
    { name: 'plain', host: '127.0.0.1', port: 0 },
    { name: 'secure', host: '127.0.0.1', port: 0, tls },
  ],
  forwardedFields: { add: ['x-our-edge'], keep: ['x-forwarded-kept'] },
  upstreams: { app: { backends: [backend.url], forwarder } },
  routes: [
    {
      match: { path: '/keyed' },
      upstream: 'app',
      headers: { request: { set: { 'x-tier': 'gold' }, remove: ['x-secret'] } },
      security: { auth: { apiKey: { keys: [key] } } },
    },
    {
      match: { path: '/other' },
      upstream: 'app',
      security: {
        auth: {
          jwt: { jwks: nowhere, issuer: 'i', audience: 'a', forwardClaims: { sub: 'x-user-id' } },
          forward: { url: nowhere, copyHeaders: ['x-role'] },
        },
      },
    },
    { match: { path: '/reject' }, upstream: 'app', security: { validation: { underscoreHeaders: 'reject' } } },
    { match: { path: '/remove' }, upstream: 'app', security: { validation: { underscoreHeaders: 'remove' } } },
    { match: { path: '/' }, upstream: 'app' },
  ],
});

const list = (names: readonly string[]): string => names.map(name => `${name}: evil\r\n`).join('');

describe.each(['default', 'http-proxy-middleware'])('names of fields, behind the forwarder %s', forwarder => {
  let backend: StrictBackend;
  let gateway: InProcessGateway;
  let http2: Http2Client;

  beforeAll(async () => {
    backend = await startStrictBackend();
    const { certFile, keyFile } = await makeCertificate();
    const tls = { certificates: [{ cert: certFile, key: keyFile }] };
    gateway = await startInProcess(config(backend, forwarder, tls));
    http2 = await connectHttp2(gateway.gateway.listeners[1]!.port!);
  });

  const last = (): StrictRequest => backend.requests.at(-1)!;

  /** Those of these head fields that the backend has received over HTTP/1.1. */
  async function head(path: string, names: readonly string[], more = ''): Promise<StrictRequest> {
    const bytes = `GET ${path} HTTP/1.1\r\nHost: shop.example\r\n${more}${list(names)}\r\n`;
    expect((await rawRequest(gateway.port, bytes)).status).toBe(200);
    return last();
  }

  async function head2(names: readonly string[]): Promise<StrictRequest> {
    const headers = Object.fromEntries(names.map(name => [name.toLowerCase(), 'evil']));
    expect((await http2.request({ headers })).status).toBe(200);
    return last();
  }

  /** The names of the trailer fields that the backend has got. */
  async function trailers(path: string, names: readonly string[], more = ''): Promise<string[]> {
    const start = `POST ${path} HTTP/1.1\r\nHost: shop.example\r\n${more}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n`;
    expect((await rawRequest(gateway.port, `${start}${list([...names, 'X-Sum'])}\r\n`)).status).toBe(200);
    return namesOf(last().trailers);
  }

  async function trailers2(path: string, names: readonly string[], more: object = {}): Promise<string[]> {
    const fields = Object.fromEntries([...names, 'X-Sum'].map(name => [name.toLowerCase(), 'evil']));
    const headers = { ':method': 'POST', ':path': path, ...more };
    expect((await http2.request({ headers, body: 'x', trailers: fields })).status).toBe(200);
    return namesOf(last().trailers);
  }

  it('an untrusted client cannot send backends addresses, schemes and targets, in any spelling', async () => {
    for (const name of [...forwarding, ...certificate]) {
      const { headers } = await head('/', spellings(name));
      expect([name, headers.filter(each => each === 'evil')]).toEqual([name, []]);
    }
    const { headers } = await head2(forwarding.flatMap(spellings).slice(0, 90));
    expect(headers).not.toContain('evil');
    expect(valuesOf(headers, 'x-forwarded-for')).toEqual(['127.0.0.1']);
  });

  it('fields that only look a little like those pass, and what the configuration keeps', async () => {
    const names = ['X-Forward', 'X-Forwarder', 'X-Originals', 'X-Realm', 'My_Field', 'X-Client', 'X-Forwarded-Kept'];
    const { headers } = await head('/', names);
    expect(namesOf(headers).filter(name => names.includes(name))).toEqual(names);
    expect(await trailers('/', names)).toEqual([...names, 'X-Sum']);
  });

  it('fields that a head may not have do not pass as trailers, over HTTP/1.1', async () => {
    const names = [...forwarding, ...certificate, 'Via', 'X-Request-Id', 'Cookie', 'If-Match'].flatMap(spellings);
    for (let from = 0; from < names.length; from += 60) {
      expect(await trailers('/', names.slice(from, from + 60))).toEqual(['X-Sum']);
    }
  });

  it('fields that a head may not have do not pass as trailers, over HTTP/2', async () => {
    const names = [...forwarding, ...certificate, 'Via', 'X-Request-Id'].flatMap(spellings);
    for (let from = 0; from < names.length; from += 60) {
      expect(await trailers2('/', names.slice(from, from + 60))).toEqual(['x-sum']);
    }
  });

  it('the identity of the sender does not pass as a trailer, on routes with and without authentication', async () => {
    const names = identity.flatMap(spellings);
    for (const [path, fields] of [
      ['/', ''],
      ['/keyed', 'X-Api-Key: right\r\n'],
    ] as const) {
      expect(await trailers(path, names, fields)).toEqual(['X-Sum']);
      const more = fields === '' ? {} : { 'x-api-key': 'right' };
      expect(await trailers2(path, names, more)).toEqual(['x-sum']);
    }
  });

  it('an API key, and what the route sets or removes, comes neither in a head nor behind a body', async () => {
    const names = rules.flatMap(spellings);
    const { headers } = await head(
      '/keyed',
      [...spellings('X-Secret'), ...spellings('X-Tier')],
      'X-Api-Key: right\r\n',
    );
    expect(headers).not.toContain('evil');
    expect(valuesOf(headers, 'x-tier')).toEqual(['gold']);
    expect(await trailers('/keyed', names, 'X-Api-Key: right\r\n')).toEqual(['X-Sum']);
    expect(await trailers2('/keyed', names, { 'x-api-key': 'right' })).toEqual(['x-sum']);
  });

  it('names with underscores or dots are refused and removed as underscoreHeaders says, behind a body too', async () => {
    const odd = ['My_Field', 'My.Field', 'My~Field'];
    expect(await trailers('/', odd)).toEqual([...odd, 'X-Sum']);
    for (const path of ['/remove', '/reject']) {
      expect(await trailers(path, odd)).toEqual(['X-Sum']);
      expect(await trailers2(path, odd)).toEqual(['x-sum']);
    }
    expect(namesOf((await head('/remove', [...odd, 'My-Own'])).headers).filter(name => /^My/.test(name))).toEqual([
      'My-Own',
    ]);
    for (const name of odd) {
      const bytes = `GET /reject HTTP/1.1\r\nHost: shop.example\r\n${name}: a\r\n\r\n`;
      expect((await rawRequest(gateway.port, bytes)).status).toBe(400);
    }
  });

  it('a field that Connection names ends here, behind the body too', async () => {
    expect(await trailers('/', ['X-Hop', 'X-Next'], 'Connection: x-hop\r\n')).toEqual(['X-Next', 'X-Sum']);
  });
});

describe('what a client may not say', () => {
  it('leads no route and no policy astray', async () => {
    const backend = await startStrictBackend();
    const upstreams = { app: { backends: [backend.url] } };
    const internal = { match: { path: '/*', headers: { 'x-forwarded-user': 'root' } }, respond: { status: 299 } };
    const gateway = await startInProcess({
      upstreams,
      routes: [internal, { match: { path: '/*' }, upstream: 'app' }],
    });
    const request = 'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-User: root\r\n\r\n';
    expect((await rawRequest(gateway.port, request)).status).toBe(200);
    const trusting = await startInProcess({
      upstreams,
      trustedProxies: ['127.0.0.1'],
      routes: [internal, { match: { path: '/*' }, upstream: 'app' }],
    });
    expect((await rawRequest(trusting.port, request)).status).toBe(299);
  });
});

describe('what a trusted proxy says', () => {
  it('passes as it came, but for look-alikes, which its own clients may have sent', async () => {
    const backend = await startStrictBackend();
    const gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] } },
      trustedProxies: ['127.0.0.1'],
    });
    const said = ['X-Forwarded-Prefix', 'X-Forwarded-Ssl', 'X-Original-URL', 'CF-Connecting-IP', 'Front-End-Https'];
    const odd = ['X_Forwarded_Prefix', 'X.Forwarded-Ssl', 'CF_Connecting_IP', 'X-Original.URL'];
    const bytes = `GET / HTTP/1.1\r\nHost: a\r\n${list([...said, ...odd])}\r\n`;
    expect((await rawRequest(gateway.port, bytes)).status).toBe(200);
    const names = namesOf(backend.requests[0]!.headers);
    expect(names.filter(name => said.includes(name))).toEqual(said);
    expect(names.filter(name => odd.includes(name))).toEqual([]);
  });
});
