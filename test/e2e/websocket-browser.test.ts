import { beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { startBackend } from '../support/backend.js';
import { makeCertificate } from '../support/certificate.js';
import { startChromium, watchedContext } from '../support/chromium.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { requireTool } from '../support/require-tool.js';
import { startWebSocketBackend, type WebSocketBackend } from '../support/websocket-backend.js';

/** A page that opens a WebSocket beside itself, and notes all that it hears. */
const page = `<!doctype html>
<title>Chat</title><link rel="icon" href="data:,">
<script>
window.heard = [];
const url = new URL('/chat', location.href);
url.protocol = url.protocol.replace('http', 'ws');
const socket = (window.socket = new WebSocket(url, ['v2.chat', 'v1.chat']));
socket.binaryType = 'arraybuffer';
socket.onopen = () => socket.send('grüße');
socket.onmessage = ({ data }) => {
  heard.push(typeof data === 'string' ? data : 'binary of ' + data.byteLength);
  if (heard.length === 1) socket.send(new Uint8Array(300000));
  if (heard.length === 2) socket.send('x'.repeat(100000));
  if (heard.length === 3) heard[2] = heard[2].length;
};
socket.onclose = ({ code, reason, wasClean }) => heard.push(code + ' ' + reason + ' ' + wasClean);
</script>`;

const said = ['grüße', 'binary of 300000', 100_000];

describe('the WebSocket of a browser', () => {
  requireTool('chromium');
  let backend: WebSocketBackend;
  let gateway: InProcessGateway;
  let browser: Browser;

  beforeAll(async () => {
    const pages = await startBackend((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'set-cookie': 'user=anna' }).end(page);
    });
    // Chromium offers compression, and this server takes it.
    backend = await startWebSocketBackend(undefined, {
      perMessageDeflate: true,
      handleProtocols: offered => (offered.has('v1.chat') ? 'v1.chat' : false),
    });
    const { certFile, keyFile } = await makeCertificate();
    const tls = { certificates: [{ cert: certFile, key: keyFile }] };
    gateway = await startInProcess({
      listeners: [
        { name: 'plain', host: '127.0.0.1', port: 0 },
        { name: 'secure', host: '127.0.0.1', port: 0, tls },
        { name: 'secure-http1', host: '127.0.0.1', port: 0, tls, http2: false },
      ],
      upstreams: { pages: { backends: [pages.url] }, chat: { backends: [backend.url] } },
      routes: [{ match: { path: '/chat' }, upstream: 'chat' }, { upstream: 'pages' }],
    });
    browser = await startChromium();
  });

  it.each([
    ['plain', 'http', '1.1', '1.1', 101],
    ['secure-http1', 'https', '1.1', '1.1', 101],
    // Over the connection of the page, which has said that it can carry them (RFC 8441).
    ['secure', 'https', '2.0', '2.0', 200],
  ] as const)('works from a page of the listener "%s"', async (name, scheme, pageVersion, version, status) => {
    const { port } = gateway.gateway.listeners.find(listener => listener.name === name)!;
    const { context, errors } = await watchedContext(browser);
    const tab = await context.newPage();
    const [lines, number] = [gateway.logs.length, backend.sockets.length];
    await tab.goto(`${scheme}://127.0.0.1:${port}/`);
    const heard = (): Promise<unknown> => tab.evaluate('heard');
    await eventually(async () => expect(await heard()).toEqual(said), { deadline: 15_000 });
    expect(await tab.evaluate('[socket.protocol, socket.extensions]')).toEqual(['v1.chat', 'permessage-deflate']);
    const { headers } = backend.requests[number]!;
    expect(headers).toMatchObject({
      cookie: 'user=anna',
      origin: `${scheme}://127.0.0.1:${port}`,
      'x-forwarded-proto': scheme,
    });
    backend.sockets[number]!.close(4321, 'für heute');
    await eventually(async () => expect(await heard()).toEqual([...said, '4321 für heute true']));
    const since = () => gateway.logs.slice(lines);
    await gateway.waitForLog(
      line => since().includes(line) && line['protocol'] === 'websocket' && line.msg === 'exchange',
    );
    const exchanges = since().filter(({ msg }) => msg === 'exchange');
    expect(exchanges.map(({ path, httpVersion }) => [path, httpVersion])).toEqual([
      ['/', pageVersion],
      ['/chat', version],
    ]);
    expect(exchanges[1]).toMatchObject({ status, messagesIn: 3, messagesOut: 3, closeCode: 4321, closedBy: 'backend' });
    expect(errors).toEqual([]);
  });

  it('ends with 1001 at the server when the tab is closed', async () => {
    const { context } = await watchedContext(browser);
    const tab = await context.newPage();
    const number = backend.closes.length;
    await tab.goto(`http://127.0.0.1:${gateway.port}/`);
    await eventually(async () => expect(await tab.evaluate('heard')).toEqual(said), { deadline: 15_000 });
    await tab.close();
    await eventually(() => expect(backend.closes[number]?.[0]).toBe(1001));
  });
});
