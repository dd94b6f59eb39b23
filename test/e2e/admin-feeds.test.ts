import { beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '../../src/admin/api/views.js';
import { answer, startBackend } from '../support/backend.js';
import { connectRaw, rawRequest, request } from '../support/client.js';
import { openStream } from '../support/event-stream.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { Tail } from '../../src/logging/tail/tail.js';

let gateway: InProcessGateway;

beforeAll(async () => {
  const good = await startBackend(answer(200, 'good'));
  gateway = await startInProcess({
    upstreams: { good: { backends: [{ id: 'a', url: good.url }] } },
    routes: [
      { name: 'orders', match: { path: '/orders/*' }, upstream: 'good' },
      { name: 'broken', match: { path: '/broken' }, respond: { status: 503, body: 'broken' } },
    ],
  });
});

/** The data of the events of a name in the text of a stream. */
function dataOf(text: string, event: string): unknown[] {
  return [...text.matchAll(new RegExp(`event: ${event}\\ndata: (.*)\\n\\n`, 'g'))].map(
    ([, data]) => JSON.parse(data!) as unknown,
  );
}

describe('the tail', () => {
  it('shows exchanges as they end, and only those that were asked for', async () => {
    const all = await openStream(gateway.adminPort, { path: '/tail' });
    const failed = await openStream(gateway.adminPort, {
      path: '/tail?status=5xx&route=broken,orders&client=127.0.0.0/8',
    });
    await request(gateway.port, { path: '/orders/1?secret=hunter2' });
    await request(gateway.port, { path: '/broken' });
    expect((await rawRequest(gateway.port, 'nonsense\r\n\r\n')).status).toBe(400);
    await eventually(() => all.text.includes('"error":"DENIED"'));
    for (const stream of [all, failed]) await eventually(() => stream.text.includes('"path":"/broken"'));
    expect(dataOf(all.text, 'exchange')).toMatchObject([
      { method: 'GET', path: '/orders/1', status: 200, route: 'orders', upstream: 'good', backend: 'a' },
      { path: '/broken', status: 503 },
      { status: 400, error: 'DENIED' },
    ]);
    expect(all.text).not.toContain('hunter2');
    expect(dataOf(failed.text, 'exchange')).toMatchObject([{ path: '/broken', status: 503 }]);
    for (const stream of [all, failed]) stream.leave();
  });

  it('ends when its client leaves, and takes eight at once', async () => {
    const tail = gateway.gateway.app.get(Tail);
    await eventually(() => !tail.isWatched);
    const open = await Promise.all(Array.from({ length: 8 }, () => openStream(gateway.adminPort, { path: '/tail' })));
    const refused = await request(gateway.adminPort, { path: '/tail' });
    expect(refused.header('content-type')).toMatch(/^application\/problem\+json/);
    const detail = '8 clients watch already: end one of them first.';
    expect(refused.json()).toMatchObject({ title: 'Service Unavailable', status: 503, detail });
    for (const stream of open) stream.leave();
    await eventually(() => !tail.isWatched);
  });

  it.each([
    ['status=nonsense', 400, '"status" must be a status such as 404, 5xx or 400-499, and not "nonsense".'],
    ['status=599-500', 400, 'and not "599-500"'],
    ['slowerThan=200', 400, '"slowerThan" must be a duration such as 250ms, 5s, 1m, and not "200"'],
    ['client=10.0.0.0/33', 400, '"client" must be an address or a range such as 10.0.0.0/8'],
    ['route=ordes', 404, 'no route is named "ordes"; did you mean "orders"?'],
    ['upstream=goood', 404, 'no upstream is named "goood"; did you mean "good"?'],
    ['statsu=5xx', 400, 'did you mean "status"?'],
  ])('refuses ?%s with %i', async (query, status, says) => {
    const response = await request(gateway.adminPort, { path: `/tail?${query}` });
    expect(response.status).toBe(status);
    expect(response.json<{ detail: string }>().detail).toContain(says);
  });

  it('answers HEAD without beginning to watch', async () => {
    const response = await request(gateway.adminPort, { path: '/tail', method: 'HEAD' });
    expect([response.status, response.header('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(gateway.gateway.app.get(Tail).isWatched).toBe(false);
  });
});

describe('the live feed', () => {
  it('sends a status each second to all its clients', async () => {
    const [one, two] = [
      await openStream(gateway.adminPort, { path: '/live' }),
      await openStream(gateway.adminPort, { path: '/live' }),
    ];
    const later = async (stream: typeof one): Promise<StatusView[]> =>
      eventually(() => {
        const all = dataOf(stream.text, 'status') as StatusView[];
        return all.length >= 2 && all;
      });
    const [first, second] = await later(one);
    expect(Date.parse(second!.time) - Date.parse(first!.time)).toBeGreaterThan(500);
    expect(second).toMatchObject({
      state: 'ready',
      traffic: { seconds: { length: 60 } },
      upstreams: [{ name: 'good' }],
    });
    expect((await later(two))[0]).toHaveProperty('threads');
    for (const stream of [one, two]) stream.leave();
  });
});

describe('answers that nothing reads', () => {
  it('are few on each connection: what a client asks ahead is answered, one that asks for more than it reads is cut', async () => {
    const ask = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const few = await connectRaw(gateway.adminPort);
    for (let round = 0; round < 3; round++) {
      few.send(ask.repeat(16));
      for (let count = 0; count < 16; count++) expect((await few.response()).status).toBe(200);
    }
    const many = await connectRaw(gateway.adminPort);
    many.send(ask.repeat(500));
    await many.closed();
    few.send(ask);
    expect((await few.response()).status).toBe(200);
  });
});
