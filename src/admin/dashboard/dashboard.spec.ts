import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mountDashboard } from './dashboard.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-dashboard-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const script = 'start();';
const scriptFile = 'dashboard-0123.mjs';

function build(): void {
  writeFileSync(join(folder, 'index.html'), '<title>Gatehouse</title>');
  writeFileSync(join(folder, scriptFile), script);
  writeFileSync(join(folder, `${scriptFile}.gz`), gzipSync(script));
  writeFileSync(join(folder, 'notes.txt'), 'not for browsers');
}

function serve(from = folder) {
  const fastify = Fastify();
  mountDashboard(fastify, from, (reply, isBuilt) => reply.status(404).send({ isBuilt }));
  const get = (url: string, headers: Readonly<Record<string, string>> = {}) => fastify.inject({ url, headers });
  return { fastify, get };
}

describe('the files of the dashboard', () => {
  it('are a page that browsers ask for again, and others that they keep', async () => {
    build();
    const { get } = serve();
    const page = await get('/');
    expect([page.statusCode, page.body]).toEqual([200, '<title>Gatehouse</title>']);
    expect(page.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' });
    const file = await get(`/dashboard/${scriptFile}`);
    expect(file.body).toBe(script);
    expect(file.headers['cache-control']).toContain('immutable');
    expect(file.headers['content-type']).toContain('text/javascript');
  });

  it('are not sent again to a browser that has them', async () => {
    build();
    const { get } = serve();
    const etag = (await get('/')).headers.etag as string;
    for (const known of [etag, `"other", W/${etag}`, '*']) {
      const again = await get('/', { 'if-none-match': known });
      expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag]);
    }
    expect((await get('/', { 'if-none-match': '"other"' })).statusCode).toBe(200);
  });

  it.each([
    ['gzip, deflate, br', true],
    ['br;q=1.0, gzip;q=0.8', true],
    ['gzip;q=0', false],
    ['gzip;q=0.000, br', false],
    ['x-gzip-not', false],
    ['', false],
  ])('are compressed for a client that accepts "%s": %s', async (accepted, isGzip) => {
    build();
    const { get } = serve();
    const { headers, rawPayload } = await get(`/dashboard/${scriptFile}`, { 'accept-encoding': accepted });
    expect(headers['content-encoding']).toBe(isGzip ? 'gzip' : undefined);
    expect(headers.vary).toBe('Accept-Encoding');
    expect(String(isGzip ? gunzipSync(rawPayload) : rawPayload)).toBe(script);
  });

  it.each(['notes.txt', `${scriptFile}.gz`, 'other.mjs', '..%2findex.html', '%2e%2e%2f%2e%2e%2fpackage.json', ''])(
    'are all that there is: not "%s"',
    async name => {
      build();
      const { get } = serve();
      expect((await get(`/dashboard/${name}`)).json()).toEqual({ isBuilt: true });
    },
  );

  it('may be built while the gateway runs', async () => {
    const { get } = serve();
    expect((await get('/')).json()).toEqual({ isBuilt: false });
    build();
    expect((await get('/')).statusCode).toBe(200);
    expect((await serve(join(folder, 'nowhere')).get('/')).json()).toEqual({ isBuilt: false });
  });

  it('are told of by HEAD', async () => {
    build();
    const { fastify } = serve();
    const { body, headers, statusCode } = await fastify.inject({ method: 'HEAD', url: '/' });
    expect([statusCode, body, headers['content-length']]).toEqual([200, '', '24']);
  });
});
