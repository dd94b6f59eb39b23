import { describe, expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { makeCertificate } from '../support/certificate.js';
import { rawRequest, request, type Response } from '../support/client.js';
import { startInProcess } from '../support/in-process.js';
import { requireTool } from '../support/require-tool.js';

const names = ['x-content-type-options', 'x-frame-options', 'referrer-policy', 'strict-transport-security'] as const;
const valuesOf = (response: Pick<Response, 'headerValues'>): string[][] =>
  names.map(name => response.headerValues(name));
const defaults = [['nosniff'], ['DENY'], ['no-referrer'], []];

describe('security headers', () => {
  it('stand on every answer, of backends and of the gateway', async () => {
    const backend = await startBackend((_, response) => response.end('ok'));
    const gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] }, down: { backends: ['http://127.0.0.1:1'] } },
      security: { headers: {} },
      routes: [
        { match: { path: '/app' }, upstream: 'app' },
        { match: { path: '/down' }, upstream: 'down' },
        { match: { path: '/denied' }, upstream: 'app', security: { validation: { methods: ['PUT'] } } },
        { match: { path: '/ping' }, respond: { body: 'pong' } },
        { match: { path: '/old' }, redirect: { to: '/app' } },
      ],
    });
    const paths = { '/app': 200, '/down': 502, '/denied': 405, '/ping': 200, '/old': 308, '/nowhere': 404, '*': 400 };
    for (const [path, status] of Object.entries(paths)) {
      const response = await request(gateway.port, { path });
      expect([path, response.status, valuesOf(response)]).toEqual([path, status, defaults]);
    }
  });

  it('stand on answers to what is no request, too', async () => {
    const gateway = await startInProcess({
      upstreams: { app: { backends: ['http://127.0.0.1:1'] } },
      security: { headers: {}, cors: { origins: ['https://a.example'] } },
    });
    const messages = {
      'no HTTP at all\r\n\r\n': 400,
      [`GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'b'.repeat(60_000)}\r\n\r\n`]: 431,
      'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n': 405,
    };
    for (const [bytes, status] of Object.entries(messages)) {
      const response = await rawRequest(gateway.port, bytes);
      expect([response.status, valuesOf(response)]).toEqual([status, defaults]);
      expect(response.headerValues('vary')).toEqual(['Origin']);
      expect(response.json()).toMatchObject({ status });
    }
  });

  it('leave what a backend says itself', async () => {
    const own = ['x-frame-options', 'SAMEORIGIN', 'Strict-Transport-Security', 'max-age=1'];
    const backend = await startBackend((_, response) => response.writeHead(200, own).end());
    const gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] } },
      security: { headers: {} },
    });
    const response = await request(gateway.port);
    expect(valuesOf(response)).toEqual([['nosniff'], ['SAMEORIGIN'], ['no-referrer'], ['max-age=1']]);
  });

  it('are another route by route, and nothing without the block', async () => {
    const backend = await startBackend((_, response) => response.end());
    const upstreams = { app: { backends: [backend.url] } };
    const gateway = await startInProcess({
      upstreams,
      security: { headers: {} },
      routes: [
        { match: { path: '/framed' }, upstream: 'app', security: { headers: { frameOptions: 'off', hsts: 'off' } } },
        { upstream: 'app' },
      ],
    });
    expect(valuesOf(await request(gateway.port, { path: '/framed' }))).toEqual([['nosniff'], [], ['no-referrer'], []]);
    expect(valuesOf(await request(gateway.port))).toEqual(defaults);
    const plain = await startInProcess({ upstreams });
    expect(valuesOf(await request(plain.port)).flat()).toEqual([]);
  });

  it('ask for https on https only', async () => {
    requireTool('openssl');
    const { cert, certFile, keyFile } = await makeCertificate();
    const backend = await startBackend((_, response) => response.end());
    const gateway = await startInProcess({
      listeners: [
        { host: '127.0.0.1', port: 0, http2: false, tls: { certificates: [{ cert: certFile, key: keyFile }] } },
      ],
      upstreams: { app: { backends: [backend.url] } },
      security: { headers: { hsts: 'max-age=60; includeSubDomains' } },
    });
    const response = await request(gateway.port, { tls: { ca: cert } });
    expect(response.headerValues('strict-transport-security')).toEqual(['max-age=60; includeSubDomains']);
  });
});
