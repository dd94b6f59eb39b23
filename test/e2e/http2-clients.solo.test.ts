import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, type TestBackend, startBackend } from '../support/backend.js';
import { type Certificate, makeCertificate } from '../support/certificate.js';
import { startChromium, watchedContext } from '../support/chromium.js';
import { connectHttp2, responseOf } from '../support/http2-client.js';
import { eventually } from '../support/poll.js';
import { type RunningGateway, startGateway } from '../support/program.js';
import { requireTool } from '../support/require-tool.js';
import { scaled } from '../support/scale.js';
import { BulkData, digest, growthDuring } from './bulk-data.js';

const mebibyte = 1024 * 1024;
/** Several times what the gateway may grow by. */
const large = scaled(256 * mebibyte, 1024 * mebibyte);
const name = scaled('256 MiB', '1 GiB');
/** How much the gateway may grow while a large body passes, in MiB: its garbage, never the body. */
const allowance = 120;
const timeout = 240_000;

/** The program, with TLS on its only listener. */
async function startSecure(backend: TestBackend, certificate: Certificate): Promise<RunningGateway> {
  const { certFile, keyFile } = certificate;
  return startGateway({
    listeners: [{ host: '127.0.0.1', port: 0, tls: { certificates: [{ cert: certFile, key: keyFile }] } }],
    upstreams: { app: { backends: [backend.url] } },
  });
}

describe('a client of HTTP/2', () => {
  let backend: TestBackend;
  let certificate: Certificate;
  let gateway: RunningGateway;

  beforeAll(async () => {
    backend = await startBackend(undefined, { keepBody: 0 });
    certificate = await makeCertificate();
    gateway = await startSecure(backend, certificate);
    const warm = await connectHttp2(gateway.port);
    for (let i = 0; i < 200; i++) await warm.request();
    await warm.request({ headers: { ':method': 'PUT' }, body: Buffer.alloc(16 * mebibyte), timeout });
    warm.session.close();
  });

  it('is curl, with uploads, downloads and trailers', async () => {
    const curl = requireTool('curl');
    const options = ['-sS', '-m', '20', '--http2', '--cacert', certificate.certFile];
    const url = `https://localhost:${gateway.port}`;
    backend.handler = async (request, response, record) => {
      await bodyOf(request);
      if (request.method === 'HEAD') return response.end();
      response.writeHead(200, { trailer: 'x-sum' });
      response.write(`${request.method} ${record.bodyLength}`);
      response.addTrailers({ 'x-sum': record.sha256 });
      return response.end();
    };
    const run = async (...args: string[]): Promise<string> =>
      (await promisify(execFile)(curl, [...options, '-w', '\n%{http_version} %{http_code}', ...args])).stdout;
    expect(await run(`${url}/`)).toBe('GET 0\n2 200');
    expect(await run('-d', 'four', `${url}/`)).toBe('POST 4\n2 200');
    expect(await run('-T', certificate.certFile, `${url}/`)).toMatch(/^PUT \d+\n2 200$/);
    expect(await run('-I', `${url}/`)).toMatch(/^HTTP\/2 200 /);
    expect(await run('--http1.1', `${url}/`)).toBe('GET 0\n1.1 200');
    const { stderr } = await promisify(execFile)(curl, [...options, '-v', `${url}/`]);
    expect(stderr).toContain('x-sum:');
  });

  it('is a browser, which loads a page with many assets on one connection', { timeout: 60_000 }, async () => {
    const images = 60;
    backend.handler = (request, response, record) => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      if (path === '/') {
        const tags = Array.from({ length: images }, (_, i) => `<img src="/image-${i}.svg">`).join('');
        response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': ['a=1', 'b=2'] });
        response.end(
          `<title>Page</title><link rel="icon" href="data:,">${tags}<script type="module" src="/main.js"></script>`,
        );
      } else if (path === '/main.js') {
        response.writeHead(200, { 'content-type': 'text/javascript' });
        response.end(
          "const r = await fetch('/form', { method: 'POST', body: 'x'.repeat(300000) }); document.title = await r.text();",
        );
      } else if (path === '/form') {
        request.on('end', () => response.end(`stored ${record.bodyLength} ${String(request.headers.cookie)}`));
      } else {
        response.writeHead(200, { 'content-type': 'image/svg+xml' });
        response.end('<svg xmlns="http://www.w3.org/2000/svg" width="3" height="4"/>');
      }
    };
    const { context, errors } = await watchedContext(await startChromium());
    const tab = await context.newPage();
    await tab.goto(`https://127.0.0.1:${gateway.port}/`);
    await tab.waitForFunction("document.title.startsWith('stored')");
    expect(await tab.title()).toBe('stored 300000 a=1; b=2');
    const protocols = await tab.evaluate<string[]>(
      "[...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')].map(one => one.nextHopProtocol)",
    );
    expect(protocols).toHaveLength(images + 3);
    expect(new Set(protocols)).toEqual(new Set(['h2']));
    expect(await tab.evaluate('[...document.images].every(image => image.naturalWidth === 3)')).toBe(true);
    expect(errors).toEqual([]);
  });

  it.each([
    ['with a declared length', true],
    ['without one', false],
  ])(`uploads ${name} %s, with flat memory in the gateway`, { timeout }, async (_what, sized) => {
    const data = new BulkData(large);
    backend.handler = (incoming, response, record) => incoming.on('end', () => response.end(record.sha256));
    const client = await connectHttp2(gateway.port);
    const growth = await growthDuring(gateway.pid, async () => {
      const stream = client.open({ ':method': 'PUT', ...(sized && { 'content-length': String(data.length) }) });
      const response = responseOf(stream);
      await pipeline(Readable.from(data), stream);
      expect((await response).text).toBe(data.sha256);
    });
    expect(backend.last.bodyLength).toBe(large);
    expect(growth).toBeLessThan(allowance);
  });

  it(`downloads ${name} with flat memory in the gateway`, { timeout }, async () => {
    const data = new BulkData(large);
    backend.handler = (_request, response) => pipeline(Readable.from(data), response);
    const client = await connectHttp2(gateway.port);
    const growth = await growthDuring(gateway.pid, async () => {
      expect(await digest(client.open({}, true))).toEqual({ length: large, sha256: data.sha256 });
    });
    expect(growth).toBeLessThan(allowance);
  });

  it('does not read, on a hundred streams at once: the gateway holds little of what waits', { timeout }, async () => {
    const written = new Map<number, number>();
    backend.handler = (incoming, response) => {
      const number = Number(incoming.url?.slice(1));
      const source = async function* (): AsyncGenerator<Buffer> {
        for await (const chunk of new BulkData(32 * mebibyte)) {
          written.set(number, (written.get(number) ?? 0) + chunk.length);
          yield chunk;
        }
      };
      return pipeline(source(), response).catch(() => undefined);
    };
    const client = await connectHttp2(gateway.port, { settings: { initialWindowSize: 1000 } });
    const growth = await growthDuring(gateway.pid, async () => {
      const streams = Array.from({ length: 100 }, (_, i) => client.open({ ':path': `/${i}` }, true));
      await Promise.all(streams.map(stream => once(stream, 'response')));
      let before = -1;
      await eventually(
        () => {
          const total = [...written.values()].reduce((sum, one) => sum + one, 0);
          const settled = total === before;
          before = total;
          return settled;
        },
        { interval: 500, what: 'the end of what is sent ahead' },
      );
      client.session.destroy();
    });
    expect(growth).toBeLessThan(allowance);
  });
});
