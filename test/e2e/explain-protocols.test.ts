import { beforeAll, describe, expect, it } from 'vitest';
import type { Explanation } from '../../src/explain/explanation.js';
import { echo as answerEcho, startBackend, type TestBackend } from '../support/backend.js';
import { makeCertificate } from '../support/certificate.js';
import { request } from '../support/client.js';
import { connectHttp2 } from '../support/http2-client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { echo, startWebSocketBackend } from '../support/websocket-backend.js';
import { openWebSocket, refusedWebSocket } from '../support/websocket-client.js';

const token = 'a-token-for-tests';
const secret = { 'x-gateway-explain': token };

let gateway: InProcessGateway;
let backend: TestBackend;

beforeAll(async () => {
  backend = await startBackend(answerEcho);
  const sockets = await startWebSocketBackend(echo);
  const { certFile: cert, keyFile: key } = await makeCertificate();
  gateway = await startInProcess({
    admin: { port: 0, token },
    listeners: [
      { name: 'web', host: '127.0.0.1', port: 0 },
      { name: 'secure', host: '127.0.0.1', port: 0, tls: { certificates: [{ cert, key }] } },
    ],
    upstreams: { app: { backends: [backend.url] }, chat: { backends: [sockets.url] } },
    routes: [
      { name: 'chat', match: { path: '/chat' }, upstream: 'chat', websocket: { origins: ['https://app.test'] } },
      { name: 'plain', match: { path: '/plain' }, upstream: 'chat', websocket: { enabled: false } },
      {
        name: 'shared',
        match: { path: '/shared' },
        upstream: 'app',
        security: { cors: { origins: ['https://app.test'] } },
      },
      { name: 'inner', match: { path: '/a/inner/*' }, upstream: 'app' },
      { name: 'all', match: { path: '/*' }, upstream: 'app' },
    ],
  });
});

/** What stands behind the link of an answer, with what has become of the request. */
async function explanationOf(link: string | string[] | undefined): Promise<Explanation> {
  const path = String(link);
  expect(path).toMatch(/^\/explanations\?id=.+$/);
  const headers = { authorization: `Bearer ${token}` };
  return eventually(async () => {
    const response = await request(gateway.adminPort, { path, headers });
    const explanation = response.status === 200 && response.json<Explanation>();
    return explanation !== false && explanation.outcome !== undefined && explanation;
  });
}

async function asked(question: object): Promise<Explanation> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const body = JSON.stringify(question);
  return (await request(gateway.adminPort, { method: 'POST', path: '/explain', headers, body })).json<Explanation>();
}

const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
const handshake = { ...upgrade, 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };

describe('an explanation of a request over HTTP/2', () => {
  it('says what happens to it, and with which fields the backend gets it', async () => {
    const client = await connectHttp2(gateway.ports['secure']!);
    const { headers, status } = await client.request({
      headers: { ':path': '/a/../b?x=1', 'x-own': 'mine', ...secret },
    });
    expect(status).toBe(200);
    const told = await explanationOf(headers['x-gateway-explanation']);
    expect(told).toMatchObject({
      request: { method: 'GET', httpVersion: '2.0' },
      listener: { name: 'secure' },
      route: 'all',
      verdict: { kind: 'forwarded' },
      outcome: { status: 200, route: 'all' },
    });
    const seen = backend.requests.at(-1)!;
    expect(told.forwarded!.target).toBe(seen.url);
    const sent = told.forwarded!.changes.filter(line => /^\+ (?:x-forwarded-proto|via|host)/.test(line));
    for (const line of sent) expect(seen.header(line.slice(2).split(':')[0]!)).toBe(line.slice(line.indexOf(': ') + 2));
    expect(sent.length).toBeGreaterThan(1);
  });
});

describe('an explanation of a WebSocket', () => {
  it('says where it goes, and what became of it when it has closed', async () => {
    const headers = { origin: 'https://app.test' };
    expect((await asked({ url: '/chat', headers: { ...handshake, ...headers } })).verdict.kind).toBe('forwarded');
    const socket = await openWebSocket(gateway.port, { path: '/chat', headers: { ...headers, ...secret } });
    expect(await socket.ask('hello')).toBe('hello');
    socket.socket.close();
    expect(await explanationOf(socket.response!.headers['x-gateway-explanation'])).toMatchObject({
      route: 'chat',
      verdict: { kind: 'forwarded' },
      outcome: { status: 101, upstream: 'chat' },
    });
  });

  it.each([
    ['the page of another origin', '/chat', { origin: 'https://evil.test' }],
    ['a route that has none', '/plain', {}],
  ])('says why %s gets none, as it then does', async (_, path, headers) => {
    const told = await asked({ url: path, headers: { ...handshake, ...headers } });
    const refused = await refusedWebSocket(gateway.port, { path, headers: { ...headers, ...secret } });
    expect(told.verdict).toMatchObject({
      kind: 'refused',
      status: refused.statusCode,
      code: refused.headers['x-gateway-error'],
    });
    const made = await explanationOf(refused.headers['x-gateway-explanation']);
    expect(made.verdict).toEqual(told.verdict);
    expect(made.outcome).toMatchObject({ status: refused.statusCode, reason: told.verdict.reason });
  });
});

describe('an explanation', () => {
  it.each(['/a/./inner/x', '/b/../a/inner/x', '/%61/inner/x'])(
    'looks %s up by the same path as the request, and forwards it as it does',
    async url => {
      const told = await asked({ url });
      expect(told).toMatchObject({ route: 'inner', path: { asked: url } });
      expect((await request(gateway.port, { path: url })).status).toBe(200);
      expect(told.forwarded!.target).toBe(backend.requests.at(-1)!.url);
    },
  );

  it.each([
    [
      'a preflight of another origin',
      'OPTIONS',
      { origin: 'https://evil.test', 'access-control-request-method': 'PUT' },
    ],
    ['a preflight of the right one', 'OPTIONS', { origin: 'https://app.test', 'access-control-request-method': 'GET' }],
    ['a request of another origin', 'POST', { origin: 'https://evil.test' }],
  ])('foresees what CORS says to %s', async (_, method, headers) => {
    const { verdict } = await asked({ method, url: '/shared', headers });
    const response = await request(gateway.port, { method, path: '/shared', headers });
    if (verdict.kind === 'forwarded') expect(backend.requests.at(-1)!.method).toBe(method);
    else expect([verdict.status, verdict.code]).toEqual([response.status, response.header('x-gateway-error')]);
    expect(verdict.policy).toBe(verdict.kind === 'forwarded' ? undefined : 'cors');
  });
});
