import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';

const sha256 = createHash('sha256').update('hidden-key').digest('hex');
const apiKey = { header: 'x-partner', keys: [{ id: 'partner', sha256 }] };

/** Requests with secrets that must be neither sent back nor logged: each secret contains `hidden`. */
const headers = {
  cookie: 'sid=hidden-cookie',
  authorization: 'Bearer hidden-token',
  'proxy-authorization': 'Basic hidden-proxy',
  'x-partner': 'hidden-key',
  'x-session-id': 'hidden-session',
  referer: 'https://app.example/?access_token=hidden-query',
  'x-plain': 'shown',
};

describe.each(['default', 'http-proxy-middleware'])('credentials, over %s,', forwarder => {
  let gateway: InProcessGateway;

  beforeAll(async () => {
    // The answer to a TRACE of a server that ignores RFC 9110 §9.3.8.
    const echo = await startBackend((incoming, response) => response.end(incoming.rawHeaders.join('\n')));
    const set = { 'x-backend-key': 'hidden-rule', 'x-tier': 'gold' };
    gateway = await startInProcess({
      logging: { level: 'trace' },
      upstreams: { app: { backends: [echo.url], forwarder } },
      routes: [
        { upstream: 'app', headers: { request: { set } } },
        { match: { path: '/partners/*' }, upstream: 'app', security: { auth: { apiKey, forwardCredentials: true } } },
      ],
    });
  });

  it.each(['/', '/partners/a'])('are never echoed by a TRACE, not even those that a rule has set (%s)', async path => {
    const { referer: _, ...rest } = headers;
    const traced = await request(gateway.port, { method: 'TRACE', path, headers: rest });
    expect(traced.status).toBe(200);
    expect(traced.text).toContain('x-plain');
    expect(traced.text).not.toContain('hidden');
    const last = { ...rest, 'max-forwards': '0' };
    const reflected = await request(gateway.port, { method: 'TRACE', path, headers: last });
    expect(reflected.header('content-type')).toBe('message/http');
    expect(reflected.text).toContain('x-plain: shown');
    expect(reflected.text).not.toContain('hidden');
  });

  it('reach the backend of any other request', async () => {
    const { text } = await request(gateway.port, { path: '/partners/a', headers });
    expect(text).toContain('hidden-key');
    expect(text).toContain('hidden-cookie');
  });

  it.each([
    ['a request', '/partners/a?api_key=hidden-parameter', {}],
    ['a refused one', '/partners/a?api_key=hidden-parameter', { 'x-partner': 'hidden-guess' }],
    ['one without a route', '/nowhere?token=hidden', {}],
  ])('of %s are in no log, at no level', async (_, path, changes) => {
    await request(gateway.port, { path, headers: { ...headers, ...changes } });
    await gateway.waitForLog(line => line['path'] === path.split('?')[0]);
    expect(gateway.logText).toContain('shown');
    expect(gateway.logText).not.toContain('hidden');
  });
});
