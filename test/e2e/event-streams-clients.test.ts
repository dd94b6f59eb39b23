import { EventSource } from 'eventsource';
import type { BrowserContext, Page } from 'playwright-core';
import { Agent, fetch as undiciFetch } from 'undici';
import { beforeAll, describe, expect, it } from 'vitest';
import { type TestBackend, startBackend } from '../support/backend.js';
import { startChromium, watchedContext } from '../support/chromium.js';
import { closeLater } from '../support/cleanup.js';
import { type EventBackend, startEventBackend } from '../support/event-stream.js';
import type { InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { requireTool } from '../support/require-tool.js';
import { accessLineOf, gatewayTo } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';

/** What a client has told of so far: `open`, `error`, and each event as `<id>:<type>:<data>`. */
type Seen = string[];

const others = { sse: { heartbeat: '100ms' } };

async function gatewayFor(http2: boolean, backend: EventBackend | TestBackend, more: object = others) {
  const gateway = http2 ? await secureGatewayTo([backend], { others: more }) : await gatewayTo([backend], {}, more);
  return { gateway, origin: `${http2 ? 'https' : 'http'}://127.0.0.1:${gateway.port}` };
}

/** The client of the `eventsource` package. */
function listen(origin: string): { seen: Seen; source: EventSource } {
  const dispatcher = new Agent({ allowH2: true, connect: { rejectUnauthorized: false } });
  closeLater(() => dispatcher.destroy());
  const source = new EventSource(`${origin}/ticks`, {
    fetch: (url, init) => undiciFetch(url, { ...init, dispatcher } as object) as unknown as Promise<Response>,
  });
  closeLater(() => source.close());
  const seen: Seen = [];
  source.addEventListener('open', () => seen.push('open'));
  source.addEventListener('error', () => seen.push('error'));
  for (const type of ['message', 'tick']) {
    source.addEventListener(type, event => seen.push(`${event.lastEventId}:${event.type}:${event.data as string}`));
  }
  return { seen, source };
}

const script = `
window.seen = [];
window.source = new EventSource('/ticks');
source.onopen = () => seen.push('open');
source.onerror = () => seen.push('error');
const told = event => seen.push(event.lastEventId + ':' + event.type + ':' + event.data);
source.onmessage = told;
source.addEventListener('tick', told);
`;

describe.each([
  ['HTTP/1.1', false],
  ['HTTP/2', true],
] as const)('the eventsource package over %s', (name, http2) => {
  it('gets each event at once, and comes back with the id of the last one', async () => {
    const backend = await startEventBackend();
    const { gateway, origin } = await gatewayFor(http2, backend);
    const { seen } = listen(origin);
    await eventually(() => expect(seen).toEqual(['open']));
    await backend.send('retry: 50\n\nid: 1\ndata: one\ndata: more\n\n');
    await eventually(() => expect(seen).toEqual(['open', '1:message:one\nmore']));
    await backend.send(': a comment\nid: two\nevent: tick\ndata: two\n\ndata: hal');
    await eventually(() => expect(seen.slice(2)).toEqual(['two:tick:two']));
    (await backend.stream()).response.end();
    await backend.send('id: 3\ndata: three\n\n', 2);
    await eventually(() => expect(seen.slice(3)).toEqual(['error', 'open', '3:message:three']));
    const [, again] = backend.streams;
    expect(again?.record.header('last-event-id')).toBe('two');
    await eventually(async () => expect(await gateway.metric('gatehouse_stream_heartbeats_total')).toBeGreaterThan(1));
    expect(seen).toHaveLength(6);
    expect(await accessLineOf(gateway)).toMatchObject({ httpVersion: name.slice(5).padEnd(3, '.0'), events: 2 });
  });

  it('notices nothing when the backend dies and the stream is resumed', async () => {
    const [one, other] = [await startEventBackend(), await startEventBackend()];
    const sse = { sse: { heartbeat: '100ms', resume: true } };
    const gateway = http2
      ? await secureGatewayTo([one, other], { others: sse })
      : await gatewayTo([one, other], {}, sse);
    const { seen } = listen(`${http2 ? 'https' : 'http'}://127.0.0.1:${gateway.port}`);
    await one.send('id: 1\ndata: one\n\nid: 2\ndata: tw');
    await eventually(() => expect(seen).toEqual(['open', '1:message:one']));
    one.crash();
    await other.send('id: 2\ndata: two\n\n');
    await eventually(() => expect(seen).toEqual(['open', '1:message:one', '2:message:two']));
    expect(other.streams[0]?.record.header('last-event-id')).toBe('1');
  });
});

describe('EventSource in a browser', () => {
  requireTool('chromium');
  let context: BrowserContext;

  beforeAll(async () => {
    context = (await watchedContext(await startChromium())).context;
  }, 60_000);

  /** A backend of a page with an EventSource, behind a gateway; the test writes what that hears. */
  async function pageOn(http2: boolean): Promise<{ page: Page; backend: EventBackend; gateway: InProcessGateway }> {
    const events = await startEventBackend();
    const pages = await startBackend((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><script>${script}</script>`);
    });
    const { backend } = events;
    const stream = backend.handler;
    backend.handler = (request, response, record) =>
      (request.url === '/ticks' ? stream : pages.handler)(request, response, record);
    const { gateway, origin } = await gatewayFor(http2, events);
    const page = await context.newPage();
    closeLater(() => page.close());
    await page.goto(`${origin}/`);
    return { page, backend: events, gateway };
  }

  const seenBy = (page: Page): Promise<Seen> => page.evaluate('seen');

  it.each([
    ['HTTP/1.1', false],
    ['HTTP/2', true],
  ] as const)(
    'over %s gets each event at once, and comes back with the id of the last one',
    { timeout: 60_000 },
    async (_, http2) => {
      const { page, backend, gateway } = await pageOn(http2);
      await eventually(async () => expect(await seenBy(page)).toEqual(['open']));
      await eventually(async () =>
        expect(await gateway.metric('gatehouse_stream_heartbeats_total')).toBeGreaterThan(1),
      );
      await backend.send('retry: 50\n\nid: 1\ndata: one\ndata: more\n\n');
      await eventually(async () => expect(await seenBy(page)).toEqual(['open', '1:message:one\nmore']));
      await backend.send(': a comment\nid: zwei ü\nevent: tick\ndata: two\n\ndata: hal');
      await eventually(async () => expect((await seenBy(page)).slice(2)).toEqual(['zwei ü:tick:two']));
      (await backend.stream()).response.end();
      await backend.send('id: 3\ndata: three\n\n', 2);
      await eventually(async () => expect((await seenBy(page)).slice(3)).toEqual(['error', 'open', '3:message:three']));
      const [, again] = backend.streams;
      expect(Buffer.from(again?.record.header('last-event-id') ?? '', 'latin1').toString()).toBe('zwei ü');
      await page.evaluate('source.close()');
      await eventually(() => again?.isClosed === true);
      const line = await gateway.waitForLog(({ path, events }) => path === '/ticks' && events === 2);
      expect(line).toMatchObject({ protocol: 'sse', httpVersion: http2 ? '2.0' : '1.1' });
    },
  );

  it('reconnects when the gateway shuts down, rather than losing its stream', { timeout: 60_000 }, async () => {
    const { page, backend, gateway } = await pageOn(false);
    const { port } = gateway;
    await backend.send('retry: 100\nid: 1\ndata: one\n\n');
    await eventually(async () => expect(await seenBy(page)).toEqual(['open', '1:message:one']));
    await gateway.stop(5_000);
    await eventually(async () => expect((await seenBy(page))[2]).toBe('error'));
    // Another gateway takes its place, with a backend of its own, since the browser may have come back to the first one while that ended.
    const successor = await startEventBackend();
    await gatewayTo([successor], {}, { ...others, listeners: [{ name: 'web', host: '127.0.0.1', port }] });
    expect((await successor.stream()).record.header('last-event-id')).toBe('1');
    await successor.send('id: 2\ndata: two\n\n');
    await eventually(async () => expect((await seenBy(page)).at(-1)).toBe('2:message:two'));
  });
});
