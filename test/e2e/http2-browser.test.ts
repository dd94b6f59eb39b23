import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, type TestBackend, startBackend } from '../support/backend.js';
import { type Certificate, makeCertificate } from '../support/certificate.js';
import { startChromium, watchedContext } from '../support/chromium.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { requireTool } from '../support/require-tool.js';

describe('a client of HTTP/2', () => {
  let backend: TestBackend;
  let certificate: Certificate;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    backend = await startBackend(undefined, { keepBody: 0 });
    certificate = await makeCertificate();
    const { certFile: cert, keyFile: key } = certificate;
    gateway = await startInProcess({
      listeners: [{ host: '127.0.0.1', port: 0, tls: { certificates: [{ cert, key }] } }],
      upstreams: { app: { backends: [backend.url] } },
    });
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
});
