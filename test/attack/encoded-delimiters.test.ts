import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { startNginx } from '../support/nginx.js';

const secret = 'the secret of the application';

describe('an nginx that passes decoded paths on, and keeps one of them for itself', () => {
  let gateway: InProcessGateway;
  const ask = (host: string, path: string) => request(gateway.port, { path, headers: { host } });

  beforeAll(async () => {
    const application = await startBackend((incoming, response) => {
      response.end(new URL(incoming.url!, 'http://a').pathname === '/files/secret' ? secret : 'open');
    });
    const nginx = await startNginx({
      server: `location = /files/secret { return 403; } location /files/ { proxy_pass ${application.url}$uri; }`,
    });
    const guarded = (path: unknown): object => ({ upstream: 'app', security: { validation: { path } } });
    gateway = await startInProcess({
      upstreams: { app: { backends: [nginx.url] } },
      routes: [
        { match: { hosts: ['open.example'] }, upstream: 'app' },
        { match: { hosts: ['one.example'] }, ...guarded({ encodedDelimiters: 'reject' }) },
        { match: { hosts: ['strict.example'] }, ...guarded('strict') },
      ],
    });
  });

  it.each(['/files/secret%3f', '/files/secret%3F.png', '/files/secret%23', '/files/secret%23x'])(
    'is led round by %s, which strict and encodedDelimiters refuse',
    async path => {
      expect((await ask('open.example', '/files/secret')).status).toBe(403);
      expect((await ask('open.example', path)).text).toBe(secret);
      for (const host of ['one.example', 'strict.example']) {
        const { status, text } = await ask(host, path);
        expect([host, status]).toEqual([host, 400]);
        expect(text).toContain('an encoded question mark or number sign');
      }
    },
  );

  it('answers other paths as before', async () => {
    for (const host of ['open.example', 'one.example', 'strict.example']) {
      expect((await ask(host, '/files/ab?x=%3F%23')).text).toBe('open');
    }
  });
});
