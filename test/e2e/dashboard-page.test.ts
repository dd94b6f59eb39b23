import { beforeAll, describe, expect, it } from 'vitest';
import { requireBuild } from '../support/build.js';
import { request, type RequestOptions } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';

const token = 'hunter2-admin';
let gateway: InProcessGateway;
/** Paths of the files that the page loads. */
let files: string[];

const ask = (path: string, more: RequestOptions = {}) => request(gateway.adminPort, { path, ...more });

beforeAll(async () => {
  requireBuild();
  gateway = await startInProcess({
    admin: { host: '127.0.0.1', port: 0, token },
    upstreams: { orders: { backends: ['http://127.0.0.1:1'] } },
  });
  const { text } = await ask('/');
  files = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path]) => `/${path}`);
});

describe('the page of the dashboard', () => {
  it('is served without the token, as are its files; nothing else is', async () => {
    expect(files).toHaveLength(3);
    for (const path of ['/', ...files]) expect((await ask(path)).status, path).toBe(200);
    for (const path of ['/status', '/live', '/dashboard', '/dashboard/x/y', '/index.html'])
      expect((await ask(path)).status, path).toBe(401);
    expect((await ask('/dashboard/other.mjs')).status).toBe(404);
  });

  it('holds nothing of this gateway', async () => {
    const texts = await Promise.all(['/', ...files].map(async path => (await ask(path)).text));
    for (const secret of [token, '127.0.0.1:1', process.cwd()]) expect(texts.join('')).not.toContain(secret);
  });

  it('is small', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const sizes = await Promise.all(['/', ...files].map(async path => (await ask(path, { headers })).body.length));
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(60 * 1024);
  });

  it('lets nothing in from elsewhere', async () => {
    const { header } = await ask('/');
    const policy = header('content-security-policy')!;
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
      ]),
    );
    expect(policy).not.toMatch(/unsafe|data:|\*/);
    expect([header('x-frame-options'), header('x-content-type-options'), header('referrer-policy')]).toEqual([
      'DENY',
      'nosniff',
      'no-referrer',
    ]);
  });

  it('can be reached by a link of another site, and not be loaded into one', async () => {
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await ask('/', { headers: link })).status).toBe(200);
    for (const path of ['/', ...files])
      for (const headers of [
        { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
        { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', origin: 'http://127.0.0.1:3000' },
        { host: 'evil.example' },
      ])
        expect((await ask(path, { headers })).status, path).toBe(403);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('is not for %s', async method => {
    for (const path of ['/', files[0]!]) expect((await ask(path, { method })).status).toBe(405);
  });
});
