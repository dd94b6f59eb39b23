import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { answer, startBackend } from '../support/backend.js';
import { open, request } from '../support/client.js';
import { openStream, startEventBackend } from '../support/event-stream.js';
import { startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest, gatewayTo } from '../support/scene.js';

const quiet = { sse: { heartbeat: '0s' } };
const beating = { sse: { heartbeat: '100ms' } };

describe('an event stream', () => {
  it('has its head at once, before there is any event', async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend]);
    const stream = await openStream(gateway.port);
    expect([stream.status, stream.headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect(stream.text).toBe('');
  });

  it('delays no event by the next, nor any part of one', async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend], {}, quiet);
    const stream = await openStream(gateway.port);
    let sent = '';
    for (const piece of [
      'data: 1\n\n',
      'id: 2\n',
      'data: 2',
      '\n',
      '\n',
      ': comment\n',
      'data: 3\r\n\r\n',
      'data: 4\r\r',
    ]) {
      await backend.send(piece);
      sent += piece;
      await stream.until(sent);
    }
    (await backend.stream()).response.end();
    expect(await stream.end()).toBe('end');
    const line = await accessLineOf(gateway);
    expect(line).toMatchObject({ protocol: 'sse', status: 200, events: 4, bytesOut: sent.length });
    expect(line).not.toHaveProperty('resumes');
  });

  it('is passed on byte by byte, with any content', async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend], {}, quiet);
    const stream = await openStream(gateway.port);
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 256));
    await backend.send(bytes);
    await stream.until(bytes.toString('latin1'));
  });

  it('begins where the client was: the backend gets its Last-Event-ID', async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend]);
    await openStream(gateway.port, { headers: { 'last-event-id': '41' } });
    expect(backend.streams[0]?.record.header('last-event-id')).toBe('41');
  });

  it('is none when the request is a HEAD, or the answer says 404', async () => {
    const backend = await startBackend(answer(404, 'no', ['content-type', 'text/event-stream', 'content-length', '2']));
    const gateway = await gatewayTo([backend], {}, beating);
    const headers = { accept: 'text/event-stream' };
    expect((await request(gateway.port, { headers })).text).toBe('no');
    backend.handler = answer(200, '', ['content-type', 'text/event-stream']);
    expect((await request(gateway.port, { method: 'HEAD', headers })).status).toBe(200);
    expect(await accessLineOf(gateway, 2)).toMatchObject({ protocol: 'http' });
    await expectAtRest(gateway);
  });

  it('may be the answer to a POST, also when the client did not ask for a stream', async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend], {}, beating);
    const stream = await openStream(gateway.port, {
      method: 'POST',
      body: '{"stream":true}',
      headers: { accept: '*/*' },
    });
    await eventually(() => stream.heartbeats >= 1);
    await backend.send('data: token\n\n');
    await stream.until('data: token\n\n');
    expect(backend.streams[0]?.record.text).toBe('{"stream":true}');
    stream.leave();
    expect(await accessLineOf(gateway)).toMatchObject({
      method: 'POST',
      protocol: 'sse',
      events: 1,
      error: 'CLIENT_ABORTED',
    });
  });

  it('takes its connection to the backend with it when the client leaves', async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend]);
    const stream = await openStream(gateway.port);
    stream.leave();
    await eventually(() => backend.streams[0]?.isClosed === true);
    await expectAtRest(gateway);
    expect(await gateway.metric('gatehouse_event_streams_open')).toBe(0);
  });

  it('breaks visibly when its backend does, where it may not be resumed', async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend], {}, quiet);
    const stream = await openStream(gateway.port);
    await backend.send('data: 1\n\ndata: ha');
    await stream.until('data: 1\n\ndata: ha');
    backend.crash();
    expect(await stream.end()).toBe('broken');
    expect(await accessLineOf(gateway)).toMatchObject({ error: 'BODY_BROKEN', events: 1, attempts: 1 });
  });

  it.each(['default', 'http-proxy-middleware'])(
    'may be quiet for longer than timeouts.idle, by %s',
    async forwarder => {
      const backend = await startEventBackend();
      const gateway = await gatewayTo([backend], { forwarder, timeouts: { idle: '100ms' } }, beating);
      const stream = await openStream(gateway.port);
      await eventually(() => stream.heartbeats >= 4);
      await backend.send('data: late\n\n');
      await stream.until('data: late\n\n');
    },
  );

  it.each(['default', 'http-proxy-middleware'])(
    'is cut, visibly, after sse.idleTimeout of silence, by %s',
    async forwarder => {
      const backend = await startEventBackend();
      const gateway = await gatewayTo([backend], { forwarder }, { sse: { heartbeat: '100ms', idleTimeout: '400ms' } });
      const stream = await openStream(gateway.port);
      await backend.send('data: 1\n\n');
      expect(await stream.end()).toBe('broken');
      const line = await accessLineOf(gateway);
      expect(line).toMatchObject({ error: 'BODY_BROKEN', reason: 'sse.idleTimeout: nothing for 400 ms' });
      await eventually(() => backend.streams[0]?.isClosed === true);
    },
  );

  it('is kept by any bytes within sse.idleTimeout, even by a comment', async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend], {}, { sse: { heartbeat: '0s', idleTimeout: '500ms' } });
    const stream = await openStream(gateway.port);
    const comments = setInterval(() => void backend.send(':\n'), 100);
    await eventually(() => stream.text.length >= 2 * 12).finally(() => clearInterval(comments));
    expect(stream.ended).toBeUndefined();
    expect(await stream.end()).toBe('broken');
  });
});

describe('heartbeats', () => {
  it('are written while nothing comes, from before the first event on', async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend], {}, beating);
    const stream = await openStream(gateway.port);
    await eventually(() => stream.text === ':\n\n:\n\n');
    await backend.send('data: 1\n\n');
    await eventually(() => stream.text.endsWith('data: 1\n\n:\n\n'));
    expect(await gateway.metric('gatehouse_stream_heartbeats_total')).toBeGreaterThanOrEqual(3);
    stream.leave();
    const line = await accessLineOf(gateway);
    expect(line['bytesOut']).toBeGreaterThanOrEqual(stream.text.length);
    expect(line).toMatchObject({ events: 1 });
  });

  it('never fall into an event, however long its parts keep it waiting', async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend], {}, beating);
    const [watched, other] = [await openStream(gateway.port), await openStream(gateway.port)];
    let sent = '';
    for (const part of ['id: 1\n', 'data: a', 'b\n', 'data: c\r']) {
      await backend.send(part);
      sent += part;
      const before = other.heartbeats;
      await eventually(() => other.heartbeats >= before + 2);
      expect(watched.text.replace(/^(?::\n\n)*/, '')).toBe(sent);
    }
    await backend.send('\n\r\n');
    await eventually(() => watched.text.endsWith(`${sent}\n\r\n:\n\n`));
  });

  it('leave a byte order mark at the beginning, or take it away', async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend], {}, beating);
    const [late, early] = [await openStream(gateway.port), await openStream(gateway.port)];
    await backend.send('\u{feff}data: 1\n\n', 2);
    await eventually(() => early.text === '\xef\xbb\xbfdata: 1\n\n:\n\n');
    await eventually(() => late.heartbeats >= 1);
    await backend.send('\u{feff}data: 1\n\n', 1);
    await late.until('data: 1\n\n');
  });

  it.each([
    ['of a declared length', { 'content-length': '18' }, 'data: 1\n\n', 'data: 2\n\n'],
    [
      'with a content coding',
      { 'content-encoding': 'gzip' },
      gzipSync('data: 1\n\n').subarray(0, 12),
      gzipSync('data: 1\n\n').subarray(12),
    ],
  ])('are not written into a body %s', async (_, fields, first, second) => {
    const backend = await startEventBackend({ 'content-type': 'text/event-stream', ...fields });
    const plain = await startEventBackend();
    const gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] }, plain: { backends: [plain.url] } },
      routes: [{ match: { path: '/plain' }, upstream: 'plain' }, { upstream: 'app' }],
      ...beating,
    });
    const stream = await openStream(gateway.port);
    await backend.send(first);
    const other = await openStream(gateway.port, { path: '/plain' });
    await eventually(() => other.heartbeats >= 4);
    await backend.send(second);
    (await backend.stream()).response.end();
    expect(await stream.end()).toBe('end');
    expect(stream.text).toBe(Buffer.concat([Buffer.from(first), Buffer.from(second)]).toString('latin1'));
  });

  it('are switched off by 0s, also for one route', async () => {
    const backend = await startEventBackend();
    const gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] } },
      routes: [
        { name: 'off', match: { path: '/off' }, upstream: 'app', sse: { heartbeat: '0s' } },
        { name: 'on', upstream: 'app' },
      ],
      ...beating,
    });
    const [off, on] = [await openStream(gateway.port, { path: '/off' }), await openStream(gateway.port)];
    await eventually(() => on.heartbeats >= 4);
    expect(off.text).toBe('');
    expect(await gateway.metric('gatehouse_stream_heartbeats_total', { route: 'off' })).toBe(0);
  });
});

describe('a client that does not read', () => {
  it('stops its backend, gets no heartbeats, and is cut after writeTimeout', async () => {
    const backend = await startEventBackend();
    const gateway = await startInProcess({
      listeners: [{ name: 'web', host: '127.0.0.1', port: 0, limits: { writeTimeout: '1s' } }],
      upstreams: { app: { backends: [backend.url] } },
      sse: { heartbeat: '300ms' },
    });
    const { response } = await open(gateway.port, { headers: { accept: 'text/event-stream' }, timeout: 30_000 });
    response.pause();
    const stream = await backend.stream();
    const event = `data: ${'x'.repeat(64 * 1024)}\n\n`;
    let sent = 0;
    const pump = (): void => {
      while (!stream.isClosed && sent < 500_000_000) {
        sent += event.length;
        if (!stream.response.write(event)) return void stream.response.once('drain', pump);
      }
    };
    pump();
    const line = await accessLineOf(gateway);
    expect(line).toMatchObject({ status: 499, error: 'CLIENT_ABORTED', protocol: 'sse' });
    expect(line['reason']).toMatch(/^read nothing for 1\d{3} ms$/);
    // What the kernels' buffers hold, and not what the backend would have sent.
    expect(sent).toBeLessThan(50_000_000);
    expect(await gateway.metric('gatehouse_stream_heartbeats_total')).toBe(0);
    await eventually(() => stream.isClosed);
  });
});

describe('sse.maxConnections', () => {
  it('refuses further streams with 503, and lets the next in when one has ended', async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend], {}, { sse: { maxConnections: 2 } });
    const [first] = [await openStream(gateway.port), await openStream(gateway.port)];
    const refused = await request(gateway.port, { headers: { accept: 'text/event-stream' } });
    expect([refused.status, refused.header('x-gateway-error'), refused.header('retry-after')]).toEqual([
      503,
      'QUEUE_FULL',
      '1',
    ]);
    expect(refused.json()).toMatchObject({ detail: 'Too many event streams are open; try again later.' });
    expect(await accessLineOf(gateway)).toMatchObject({ status: 503, reason: 'sse.maxConnections', attempts: 0 });
    // Others are not concerned.
    backend.backend.handler = answer(200, 'page');
    expect((await request(gateway.port)).text).toBe('page');
    first?.leave();
    await eventually(async () =>
      expect((await request(gateway.port, { headers: { accept: 'text/event-stream' } })).status).toBe(200),
    );
  });

  it('counts by itself on a route that has its own', async () => {
    const backend = await startEventBackend();
    const gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] } },
      routes: [
        { match: { path: '/narrow' }, upstream: 'app', sse: { maxConnections: 1 } },
        { match: { path: '/a' }, upstream: 'app' },
        { match: { path: '/b' }, upstream: 'app' },
      ],
      sse: { maxConnections: 2 },
    });
    const statuses: number[] = [];
    for (const path of ['/narrow', '/narrow', '/a', '/b', '/a']) {
      statuses.push((await openStream(gateway.port, { path })).status);
    }
    expect(statuses).toEqual([200, 503, 200, 200, 503]);
  });
});

describe('open event streams', () => {
  it('weigh on their backends as long as they last', async () => {
    const backends = [await startEventBackend(), await startEventBackend(), await startEventBackend()];
    const gateway = await gatewayTo(backends, { strategy: 'least-connections' });
    const streams = [];
    for (let number = 0; number < 12; number++) streams.push(await openStream(gateway.port));
    expect(backends.map(each => each.streams.length)).toEqual([4, 4, 4]);
    const [first] = backends;
    for (const { response } of first?.streams ?? []) response.end();
    await eventually(async () =>
      expect(await gateway.metric('gatehouse_backend_in_flight', { backend: first?.id ?? '' })).toBe(0),
    );
    for (let number = 0; number < 4; number++) await openStream(gateway.port);
    expect(backends.map(each => each.streams.length)).toEqual([8, 4, 4]);
  });

  it('can be seen: by route and backend, with their events, bytes and durations', async () => {
    const backend = await startEventBackend();
    const gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] } },
      routes: [{ name: 'ticks', upstream: 'app' }],
      ...quiet,
    });
    const stream = await openStream(gateway.port);
    await backend.send('data: 1\n\ndata: 2\n\ndata: ha');
    await stream.until('data: 1\n\ndata: 2\n\ndata: ha');
    const route = { route: 'ticks' };
    const labels = { ...route, upstream: 'app', backend: backend.id };
    expect(await gateway.metric('gatehouse_event_streams_open', labels)).toBe(1);
    expect(await gateway.metric('gatehouse_event_streams_total', route)).toBe(1);
    expect(await gateway.metric('gatehouse_stream_events_total', route)).toBe(2);
    expect(await gateway.metric('gatehouse_stream_bytes_total', route)).toBe(26);
    expect(await gateway.metric('gatehouse_stream_duration_seconds_count')).toBe(0);
    stream.leave();
    await eventually(async () => expect(await gateway.metric('gatehouse_event_streams_open')).toBe(0));
    expect(await gateway.metric('gatehouse_stream_duration_seconds_count', { ...route, protocol: 'sse' })).toBe(1);
    expect(await gateway.metric('gatehouse_request_duration_seconds_count')).toBe(0);
  });
});
