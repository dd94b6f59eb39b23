import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Echo, type TestBackend, answer, bodyOf, startBackend } from '../support/backend.js';
import { type Response, keepAliveAgent, request } from '../support/client.js';
import { namesOf } from '../support/header-list.js';
import { type Nginx, startNginx } from '../support/nginx.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { requireTool } from '../support/require-tool.js';
import { tempFolder } from '../support/temp.js';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('nginx as a backend', () => {
  requireTool('nginx');
  const files = new Map<string, Buffer>();
  let nginx: Nginx;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    const root = await tempFolder();
    const add = async (name: string, content: Buffer): Promise<void> => {
      files.set(name, content);
      await writeFile(join(root, name), content);
    };
    for (const size of [0, 1, 1000, 65_535, 65_536, 65_537, 5_000_000]) await add(`${size}.bin`, randomBytes(size));
    await add('page.html', Buffer.from('<p>hello</p>\n'.repeat(1000)));
    nginx = await startNginx({
      root,
      http: 'gzip on; gzip_min_length 100; gzip_proxied any; gzip_types text/css;',
      server: 'location /etagless/ { alias ROOT/; etag off; }'.replace('ROOT', root),
    });
    gateway = await startInProcess({ upstreams: { app: { backends: [nginx.url] } } });
  });

  /** What nginx itself answers, and what comes through the gateway. */
  async function both(
    path: string,
    headers: Record<string, string> = {},
    method = 'GET',
  ): Promise<[Response, Response]> {
    const options = { path, headers: { host: 'files.example', ...headers }, method };
    return [await request(nginx.port, options), await request(gateway.port, options)];
  }

  const fields = ({ rawHeaders }: Response): string[] =>
    namesOf(rawHeaders).filter(name => !/^(connection|keep-alive|date|x-request-id)$/i.test(name));

  it('has its files of any size delivered unchanged', async () => {
    for (const [name, content] of files) {
      const [direct, proxied] = await both(`/${name}`);
      expect(proxied.status).toBe(200);
      expect(sha256(proxied.body)).toBe(sha256(content));
      expect(proxied.header('content-length')).toBe(String(content.length));
      expect(fields(proxied)).toEqual(fields(direct));
      expect(proxied.header('server')).toBe(direct.header('server'));
    }
  });

  it.each(['bytes=0-0', 'bytes=100-199', 'bytes=-10', 'bytes=4999990-', 'bytes=0-1,10-11', 'bytes=9000000-'])(
    'answers the range %s',
    async range => {
      const [direct, proxied] = await both('/5000000.bin', { range });
      expect(proxied.status).toBe(direct.status);
      expect(proxied.header('content-range')).toBe(direct.header('content-range'));
      expect(proxied.body.length).toBe(direct.body.length);
      // The boundary between several parts is new in each answer.
      if (!range.includes(',')) expect(proxied.body.equals(direct.body)).toBe(true);
    },
  );

  it('answers 304 to a client that already has the file', async () => {
    const [, { headers }] = await both('/1000.bin');
    for (const condition of [
      { 'if-none-match': headers.etag ?? '' },
      { 'if-modified-since': headers['last-modified'] ?? '' },
    ]) {
      const [direct, proxied] = await both('/1000.bin', condition);
      expect(proxied.status).toBe(304);
      expect(proxied.body).toHaveLength(0);
      expect(fields(proxied)).toEqual(fields(direct));
    }
    const [, changed] = await both('/1000.bin', { 'if-none-match': '"another"' });
    expect(changed.status).toBe(200);
    const [, failed] = await both('/1000.bin', { 'if-match': '"another"' });
    expect(failed.status).toBe(412);
  });

  it('compresses for those who ask, and the gateway leaves that alone', async () => {
    const [direct, proxied] = await both('/page.html', { 'accept-encoding': 'gzip' });
    expect(proxied.header('content-encoding')).toBe('gzip');
    expect(proxied.header('transfer-encoding')).toBe('chunked');
    expect(proxied.body.equals(direct.body)).toBe(true);
    expect(gunzipSync(proxied.body)).toEqual(files.get('page.html'));
    const [, plain] = await both('/page.html');
    expect(plain.header('content-encoding')).toBeUndefined();
    expect(plain.body).toEqual(files.get('page.html'));
  });

  it('answers HEAD with the fields of GET and no body', async () => {
    const agent = keepAliveAgent();
    const head = await request(gateway.port, { method: 'HEAD', path: '/1000.bin', agent });
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.header('content-length')).toBe('1000');
    // A body that came all the same would stand in the way of the next answer.
    expect((await request(gateway.port, { path: '/1.bin', agent })).body).toEqual(files.get('1.bin'));
  });

  it('answers its own errors, which the gateway passes on', async () => {
    const [direct, proxied] = await both('/missing');
    expect(proxied).toMatchObject({ status: 404, text: direct.text });
    expect(proxied.header('x-gateway-error')).toBeUndefined();
    const [, refused] = await both('/page.html', {}, 'DELETE');
    expect(refused.status).toBe(405);
  });

  it('is spoken to over few connections that are kept', async () => {
    const kept = await startNginx({ server: 'location / { return 200 "$connection"; }' });
    const other = await startInProcess({ upstreams: { app: { backends: [kept.url] } } });
    const connections = new Set<string>();
    for (let i = 0; i < 50; i++) connections.add((await request(other.port)).text);
    expect(connections.size).toBeLessThanOrEqual(2);
  });
});

describe('curl as a client', () => {
  const curl = requireTool('curl');
  let backend: TestBackend;
  let gateway: InProcessGateway;
  let folder: string;
  let base: string;

  const run = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(curl, ['-sS', '-m', '20', ...args], { maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  };
  const echoOf = (text: string): Echo => JSON.parse(text) as Echo;
  const headerOf = ({ headers }: Echo, name: string): string | undefined =>
    headers[headers.findIndex((field, index) => index % 2 === 0 && field.toLowerCase() === name) + 1];

  beforeAll(async () => {
    folder = await tempFolder();
    await mkdir(join(folder, 'run'));
    const socketPath = join(folder, 'run', 'backend.sock');
    backend = await startBackend();
    const local = await startBackend(undefined, { socketPath });
    gateway = await startInProcess({
      listeners: [
        { name: 'web', host: '127.0.0.1', port: 0 },
        { name: 'local', unix: join(folder, 'run', 'gateway.sock') },
      ],
      upstreams: { app: { backends: [backend.url] }, local: { backends: [local.url] } },
      routes: [{ match: { path: '/by-socket/*' }, upstream: 'local' }, { upstream: 'app' }],
    });
    base = `http://127.0.0.1:${gateway.port}`;
  });

  it('gets', async () => {
    const got = echoOf(await run(`${base}/hello?a=b&c=%20`));
    expect(got).toMatchObject({ method: 'GET', url: '/hello?a=b&c=%20', bodyLength: 0 });
    expect(headerOf(got, 'host')).toBe(`127.0.0.1:${gateway.port}`);
    expect(headerOf(got, 'user-agent')).toMatch(/^curl\//);
  });

  it('asks for the head only', async () => {
    expect(await run('-I', `${base}/hello`)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it('posts a form, and a file in one', async () => {
    const form = echoOf(await run('-d', 'name=Ann', '--data-urlencode', 'note=a b&c', `${base}/form`));
    expect(form.method).toBe('POST');
    expect(Object.fromEntries(new URLSearchParams(backend.last.text))).toEqual({ name: 'Ann', note: 'a b&c' });
    expect(headerOf(form, 'content-type')).toBe('application/x-www-form-urlencoded');
    const file = join(folder, 'upload.bin');
    await writeFile(file, randomBytes(300_000));
    const multipart = echoOf(await run('-F', `file=@${file}`, `${base}/form`));
    expect(multipart.bodyLength).toBeGreaterThan(300_000);
    expect(headerOf(multipart, 'content-length')).toBe(String(multipart.bodyLength));
  });

  it('uploads a file with -T, which waits for 100 (Continue)', async () => {
    const file = join(folder, 'large.bin');
    await writeFile(file, randomBytes(3_000_000));
    const log = await run('-v', '--stderr', '-', '-T', file, `${base}/files/`);
    expect(log).toContain('> Expect: 100-continue');
    expect(log).toContain('< HTTP/1.1 100 Continue');
    const record = backend.last;
    expect(record).toMatchObject({ method: 'PUT', url: '/files/large.bin', bodyLength: 3_000_000 });
    expect(record.sha256).toBe(sha256(await readFile(file)));
  });

  it('need not send a body that the backend does not want', async () => {
    const refusing = await startBackend(answer(403, 'no'), { readBody: false });
    const other = await startInProcess({
      security: { validation: { maxBody: '1mb' } },
      upstreams: { app: { backends: [refusing.url] } },
    });
    const file = join(folder, 'unwanted.bin');
    await writeFile(file, randomBytes(2_000_000));
    const [log, status] = (
      await run(
        '-v',
        '--stderr',
        '-',
        '-w',
        '|%{http_code} %{size_upload}',
        '-T',
        file,
        `http://127.0.0.1:${other.port}/`,
      )
    ).split('|');
    expect(log).not.toContain('100 Continue');
    expect(status).toMatch(/^413 \d{1,6}$/);
    expect(refusing.requests).toHaveLength(0);
  });

  it('uploads chunked from its standard input', async () => {
    const file = join(folder, 'piped.bin');
    await writeFile(file, randomBytes(500_000));
    const args = ['-H', 'Transfer-Encoding: chunked', '-T', '-', `${base}/piped`];
    const child = promisify(execFile)(curl, ['-sS', '-m', '20', ...args]);
    child.child.stdin?.end(await readFile(file));
    const got = echoOf((await child).stdout);
    expect(got).toMatchObject({ method: 'PUT', bodyLength: 500_000, sha256: sha256(await readFile(file)) });
    expect(headerOf(got, 'content-length')).not.toBe('500000');
    expect(backend.last.header('transfer-encoding')).toBe('chunked');
  });

  it('speaks HTTP/1.0', async () => {
    backend.handler = async (incoming, response) => {
      await bodyOf(incoming);
      response.write('streamed ');
      response.end('body');
    };
    const [head, body] = (await run('-i', '--http1.0', `${base}/old`)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.[01] 200 OK/);
    expect(head).not.toMatch(/transfer-encoding/i);
    expect(body).toBe('streamed body');
    expect(backend.last.httpVersion).toBe('1.1');
    expect(backend.last.header('via')).toMatch(/^1\.0 gatehouse-[\da-f]{12}$/);
  });

  it('decompresses what the backend has compressed', async () => {
    const { gzipSync, brotliCompressSync } = await import('node:zlib');
    for (const [coding, body] of [
      ['gzip', gzipSync('compressed')],
      ['br', brotliCompressSync('compressed')],
    ] as const) {
      backend.handler = (_request, response) => response.writeHead(200, { 'content-encoding': coding }).end(body);
      expect(await run('--compressed', `${base}/`)).toBe('compressed');
      expect(backend.last.header('accept-encoding')).toMatch(/gzip/);
    }
  });

  it('reuses its connection for several URLs', async () => {
    backend.handler = (_request, response) => response.end('ok\n');
    const output = await run('-w', '%{num_connects}\n', `${base}/1`, `${base}/2`, `${base}/3`);
    expect(output).toBe('ok\n1\nok\n0\nok\n0\n');
  });

  it('comes through a unix socket, and its request goes to a backend behind another', async () => {
    const args = ['--unix-socket', join(folder, 'run', 'gateway.sock')];
    const got = echoOf(await run(...args, '-d', 'hello', 'http://shop.example/by-socket/x'));
    expect(got).toMatchObject({ method: 'POST', url: '/by-socket/x', bodyLength: 5 });
    expect(headerOf(got, 'host')).toBe('shop.example');
    expect(headerOf(got, 'x-forwarded-host')).toBe('shop.example');
  });
});
