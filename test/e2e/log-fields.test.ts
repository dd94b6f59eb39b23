import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { answer, startBackend } from '../support/backend.js';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { rawRequest, request } from '../support/client.js';
import { connectHttp2 } from '../support/http2-client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { tempFolder } from '../support/temp.js';
import { handshake, startUpgradeBackend } from '../support/upgrade-scene.js';

const fields = {
  ua: 'user-agent',
  tenant: 'header:x-tenant',
  size: 'response-header:content-length',
  added: 'response-header:x-added',
  beta: 'cookie:beta',
  tls: 'tls-version',
};

describe('the fields that the operator adds to access lines', () => {
  let gateway: InProcessGateway;
  let secure: number;
  let certificate: Certificate;

  beforeAll(async () => {
    certificate = await makeCertificate();
    const tls = { certificates: [{ cert: certificate.certFile, key: certificate.keyFile }] };
    const backend = await startBackend(answer(200, 'four', ['Content-Length', '4']));
    const tunnels = await startUpgradeBackend();
    gateway = await startInProcess({
      listeners: [
        { name: 'web', host: '127.0.0.1', port: 0 },
        { name: 'secure', host: '127.0.0.1', port: 0, tls },
      ],
      logging: { access: { fields } },
      upstreams: { app: { backends: [backend.url] }, tunnels: { backends: [tunnels.url] } },
      routes: [
        { match: { path: '/tunnel' }, upstream: 'tunnels' },
        { match: { path: '/pong' }, respond: { status: 200, body: 'pong!' } },
        { match: { path: '/*' }, upstream: 'app', headers: { response: { set: { 'x-added': 'by-rule' } } } },
      ],
    });
    secure = gateway.gateway.listeners[1]!.port!;
  });

  const lineOf = (path: string) => gateway.waitForLog(line => line['path'] === path);

  it('show what the client has sent and got, with what rules have changed, and nothing where there is none', async () => {
    await request(gateway.port, { path: '/a', headers: { 'x-tenant': 'acme', cookie: 'a=1; beta=on' } });
    const line = await lineOf('/a');
    expect(line).toMatchObject({ tenant: 'acme', size: '4', added: 'by-rule', beta: 'on' });
    for (const key of ['ua', 'tls']) expect(line).not.toHaveProperty(key);
    await request(gateway.port, { path: '/pong', headers: { 'user-agent': 'curl' } });
    expect(await lineOf('/pong')).toMatchObject({ ua: 'curl', size: '5' });
    await request(gateway.port, { method: 'TRACE', path: '/a-trace', headers: { 'max-forwards': '0' } });
    expect(await lineOf('/a-trace')).toHaveProperty('size');
  });

  it('know the version of TLS, on HTTP/1.1 and HTTP/2', async () => {
    await request(secure, { path: '/tls1', tls: { ca: certificate.cert, rejectUnauthorized: false } });
    expect(await lineOf('/tls1')).toMatchObject({ httpVersion: '1.1', tls: 'TLSv1.3' });
    const client = await connectHttp2(secure);
    await client.request({ headers: { ':path': '/tls2' } });
    expect(await lineOf('/tls2')).toMatchObject({ httpVersion: '2.0', tls: 'TLSv1.3', size: '4' });
  });

  it('are there for an upgrade', async () => {
    await rawRequest(gateway.port, handshake({ 'X-Tenant': 'acme' }, '/tunnel'));
    expect(await lineOf('/tunnel')).toMatchObject({ tenant: 'acme', status: 101 });
  });
});

it('a change of the configuration changes what access lines are and where they go, or nothing at all', async () => {
  const folder = await tempFolder();
  const file = join(folder, 'access.log');
  const routes = [{ match: { path: '/*' }, respond: { status: 200 } }];
  const gateway = await startInProcess({ routes });
  const access = { file, format: 'combined', maskAddress: '/8', fields: { ua: 'user-agent' } };
  await gateway.apply({ routes, logging: { access } });
  await request(gateway.port, { path: '/one', headers: { 'user-agent': 'curl' } });
  const text = (): Promise<string> => readFile(file, 'utf8');
  await eventually(async () => expect(await text()).toMatch(/^127\.0\.0\.0 .* "GET \/one .* "curl" "curl"\n$/));
  await gateway.apply({ routes, logging: { time: 'iso', access: { only: ['404'] } } });
  await request(gateway.port, { path: '/two' });
  await gateway.apply({ routes, logging: { time: 'iso' } });
  await request(gateway.port, { path: '/three' });
  expect(await gateway.waitForLog(({ path }) => path === '/three')).toMatchObject({
    client: '127.0.0.1',
    time: expect.stringMatching(/Z$/),
  });
  expect(gateway.logs.some(({ path }) => path === '/one' || path === '/two')).toBe(false);
  expect((await text()).match(/\n/g)).toHaveLength(1);
});
