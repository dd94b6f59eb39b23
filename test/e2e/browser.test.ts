import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type TestBackend, bodyOf, startBackend } from '../support/backend.js';
import { startChromium, watchedContext } from '../support/chromium.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { requireTool } from '../support/require-tool.js';

const page = `<!doctype html>
<html>
<head><title>Shop</title><link rel="stylesheet" href="/assets/shop.css"><link rel="icon" href="data:,"></head>
<body>
<h1>Shop</h1>
<img id="logo" src="/assets/logo.svg" alt="">
<output id="order"></output>
<output id="events"></output>
<script type="module" src="/assets/shop.js"></script>
</body>
</html>`;

const script = `
import { text } from './text.js';
const answer = await fetch('/orders?dry=1', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ item: text, note: 'größer' }),
});
document.querySelector('#order').textContent = answer.status + ' ' + (await answer.text());
const events = new EventSource('/events');
const seen = [];
events.addEventListener('tick', event => {
  seen.push(event.lastEventId + ':' + event.data);
  document.querySelector('#events').textContent = seen.join(' ');
  if (seen.length === 3) events.close();
});
`;

const assets: Readonly<Record<string, readonly [type: string, body: string]>> = {
  '/': ['text/html; charset=utf-8', page],
  '/assets/shop.css': ['text/css', 'h1 { color: rgb(1, 2, 3) }'],
  '/assets/shop.js': ['text/javascript', script],
  '/assets/text.js': ['text/javascript', "export const text = 'a book';"],
  '/assets/logo.svg': ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" width="37" height="11"/>'],
};

describe('a page in a browser', () => {
  requireTool('chromium');
  let backend: TestBackend;
  let gateway: InProcessGateway;
  let browser: Browser;

  beforeAll(async () => {
    browser = await startChromium();
    backend = await startBackend(async (incoming, response, record) => {
      const path = record.url.split('?')[0] ?? '';
      const asset = assets[path];
      if (asset !== undefined) response.writeHead(200, { 'content-type': asset[0] }).end(asset[1]);
      else if (path === '/orders') {
        await bodyOf(incoming);
        response.writeHead(201, { 'content-type': 'text/plain; charset=utf-8' }).end(record.body);
      } else if (path === '/events') {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
        // One at a time: each must reach the page before the stream goes on.
        const send = (id: number): unknown => response.write(`id: ${id}\nevent: tick\ndata: number ${id}\n\n`);
        for (const id of [1, 2, 3]) send(id);
      } else response.writeHead(404).end();
    });
    gateway = await startInProcess({
      upstreams: { pages: { backends: [backend.url] }, api: { backends: [backend.url] } },
      routes: [
        { match: { path: ['/orders', '/events'] }, upstream: 'api' },
        { match: { path: '/old' }, redirect: { to: '/', status: 308 } },
        { upstream: 'pages' },
      ],
    });
  });

  it('looks and works as without the gateway', { timeout: 60_000 }, async () => {
    const { context, errors } = await watchedContext(browser);
    const tab = await context.newPage();
    const statuses: [string, number][] = [];
    tab.on('response', response => statuses.push([new URL(response.url()).pathname, response.status()]));
    // By way of a redirect.
    await tab.goto(`http://127.0.0.1:${gateway.port}/old`);
    await tab.waitForFunction("document.querySelector('#events').textContent.split(':').length > 3");
    expect(await tab.title()).toBe('Shop');
    expect(new URL(tab.url()).pathname).toBe('/');
    expect(await tab.evaluate("getComputedStyle(document.querySelector('h1')).color")).toBe('rgb(1, 2, 3)');
    expect(await tab.evaluate("document.querySelector('#logo').naturalWidth")).toBe(37);
    expect(await tab.textContent('#order')).toBe('201 {"item":"a book","note":"größer"}');
    expect(await tab.textContent('#events')).toBe('1:number 1 2:number 2 3:number 3');
    const expected = [
      ...Object.keys(assets).map(path => [path, 200]),
      ['/old', 308],
      ['/orders', 201],
      ['/events', 200],
    ];
    expect(statuses.filter(([path]) => path !== '').toSorted()).toEqual(expected.toSorted());
    expect(errors).toEqual([]);
  });

  it('is loaded from the cache again with If-None-Match', { timeout: 60_000 }, async () => {
    const tagged = await startBackend((incoming, response) => {
      const known = incoming.headers['if-none-match'] === '"v1"';
      response.writeHead(known ? 304 : 200, { etag: '"v1"', 'cache-control': 'no-cache', 'content-type': 'text/html' });
      response.end(known ? undefined : '<title>Cached</title><link rel="icon" href="data:,">');
    });
    const other = await startInProcess({ upstreams: { app: { backends: [tagged.url] } } });
    const { context, errors } = await watchedContext(browser);
    const tab = await context.newPage();
    for (let visit = 0; visit < 2; visit++) {
      await tab.goto(`http://127.0.0.1:${other.port}/`);
      expect(await tab.title()).toBe('Cached');
    }
    expect(tagged.requests.map(one => one.header('if-none-match'))).toEqual([undefined, '"v1"']);
    expect(errors).toEqual([]);
  });
});
