import { describe, expect, it } from 'vitest';
import { answer, type TestBackend } from '../support/backend.js';
import { type EventBackend, openStream, startEventBackend } from '../support/event-stream.js';
import { type InProcessOptions, startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { Upstreams } from '../../src/upstream/upstreams.js';
import { accessLineOf, expectAtRest, gatewayTo } from '../support/scene.js';

const resuming = { sse: { heartbeat: '0s', resume: true } };

/** Two backends behind a gateway that may resume, and a stream; its first backend is the first of the list. */
async function scene(upstream: object = {}, sse: object = {}, times: InProcessOptions['times'] = {}) {
  const [one, other] = [await startEventBackend(), await startEventBackend()];
  const gateway = await gatewayTo([one, other], upstream, { sse: { ...resuming.sse, ...sse } }, { times });
  return { one, other, gateway };
}

const lastIdAt = ({ streams }: EventBackend, index = 0): string | undefined =>
  streams[index]?.record.header('last-event-id');

describe('with sse.resume', () => {
  it('a half event is dropped, and comes whole from another backend, after the last complete id', async () => {
    const { one, other, gateway } = await scene();
    const stream = await openStream(gateway.port);
    await one.send('id: 7\ndata: seven\n\nid: 8\ndata: ei');
    await stream.until('id: 7\ndata: seven\n\n');
    one.crash();
    await other.send('\u{feff}id: 8\ndata: eight\n\n');
    await stream.until('id: 7\ndata: seven\n\nid: 8\ndata: eight\n\n');
    expect(lastIdAt(other)).toBe('7');
    stream.leave();
    const line = await accessLineOf(gateway);
    expect(line).toMatchObject({ events: 2, resumes: 1, attempts: 2, backend: other.id });
    const { requestId } = line;
    expect(gateway.logs.find(({ msg }) => msg === 'event stream resumed')).toEqual({
      level: 40,
      time: expect.any(Number) as number,
      requestId,
      route: expect.any(String) as string,
      upstream: 'app',
      from: one.id,
      to: other.id,
      reason: expect.stringMatching(/./) as string,
      msg: 'event stream resumed',
    });
    expect(await gateway.metric('gatehouse_stream_resumes_total', { result: 'resumed' })).toBe(1);
    await expectAtRest(gateway);
  });

  it('the client’s own Last-Event-ID is sent again while no event had an id, and none at all after an empty one', async () => {
    const { one, other, gateway } = await scene();
    const stream = await openStream(gateway.port, { headers: { 'last-event-id': 'mine' } });
    await one.send('data: 1\n\n');
    await stream.until('data: 1\n\n');
    one.crash();
    await other.send('id\ndata: 2\n\n');
    await stream.until('data: 1\n\nid\ndata: 2\n\n');
    expect([lastIdAt(one), lastIdAt(other)]).toEqual(['mine', 'mine']);
    other.crash();
    await one.stream(2);
    expect(lastIdAt(one, 1)).toBeUndefined();
  });

  it('an id goes to the next backend byte by byte', async () => {
    const { one, other, gateway } = await scene();
    const stream = await openStream(gateway.port);
    await one.send('id: größe 1\ndata\n\n');
    await eventually(() => stream.text.endsWith('\n\n'));
    one.crash();
    await other.stream();
    expect(Buffer.from(lastIdAt(other) ?? '', 'latin1').toString()).toBe('größe 1');
  });

  it('the wait that the stream has asked for is kept, and heartbeats go on meanwhile', async () => {
    const { one, other, gateway } = await scene({}, { heartbeat: '100ms' });
    const stream = await openStream(gateway.port);
    await one.send('retry: 1200\nid: 1\ndata: 1\n\n');
    await stream.until('retry: 1200\nid: 1\ndata: 1\n\n');
    const beats = stream.heartbeats;
    const broken = performance.now();
    one.crash();
    await eventually(async () => expect(await gateway.metric('gatehouse_event_streams_open', { backend: '' })).toBe(1));
    await other.stream();
    expect(performance.now() - broken).toBeGreaterThanOrEqual(1190);
    expect(stream.heartbeats - beats).toBeGreaterThanOrEqual(5);
  });

  it('silence for sse.idleTimeout is a loss, too', async () => {
    const { one, other, gateway } = await scene({}, { idleTimeout: '500ms' });
    const stream = await openStream(gateway.port);
    await one.send('id: 1\ndata: 1\n\n');
    await eventually(() => one.streams[0]?.isClosed === true);
    await other.send('id: 2\ndata: 2\n\n');
    await stream.until('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n');
  });

  it('the end of the response is the end of the stream, and so is a 204', async () => {
    const { one, other, gateway } = await scene();
    const ending = await openStream(gateway.port);
    await one.send('id: 1\ndata: 1\n\n');
    (await one.stream()).response.end();
    expect([await ending.end(), ending.text]).toEqual(['end', 'id: 1\ndata: 1\n\n']);

    const stopped = await openStream(gateway.port);
    await other.send('id: 2\ndata: 2\n\n');
    await stopped.until('id: 2\ndata: 2\n\n');
    one.backend.handler = answer(204);
    other.crash();
    expect(await stopped.end()).toBe('end');
    await expectAtRest(gateway);
  });

  it('answers that are no event stream do not count, and after ten in a row the client sees the break', async () => {
    const { one, other, gateway } = await scene({ circuitBreaker: { enabled: false } }, {}, { longestWait: 100 });
    const stream = await openStream(gateway.port);
    await one.send('id: 1\ndata: 1\n\nid: 2\n');
    await stream.until('id: 1\ndata: 1\n\n');
    const refuse = ({ backend }: EventBackend): TestBackend => Object.assign(backend, { handler: answer(500, 'no') });
    other.backend.handler = answer(200, 'page', ['content-type', 'text/html']);
    refuse(one);
    const before = one.backend.requests.length;
    one.crash();
    expect(await stream.end()).toBe('broken');
    expect(stream.text).toBe('id: 1\ndata: 1\n\n');
    expect(one.backend.requests.length - before + other.backend.requests.length).toBe(10);
    expect(one.backend.requests.slice(1).map(({ rawHeaders }) => rawHeaders.includes('1'))).not.toContain(false);
    expect(await accessLineOf(gateway)).toMatchObject({
      error: 'BODY_BROKEN',
      reason: expect.stringMatching(/^not resumed \(10 tries\): /) as string,
      attempts: 11,
      events: 1,
    });
    expect(await gateway.metric('gatehouse_stream_resumes_total', { result: 'failed' })).toBe(1);
    await expectAtRest(gateway);
  });

  it('a stream waits for a backend while there is none', async () => {
    const one = await startEventBackend();
    const gateway = await gatewayTo([one], {}, resuming);
    const stream = await openStream(gateway.port);
    await one.send('id: 1\ndata: 1\n\n');
    await stream.until('id: 1\ndata: 1\n\n');
    const { port } = one.backend;
    await one.backend.close();
    await eventually(async () =>
      expect(await gateway.metric('gatehouse_attempts_total', { outcome: 'failure' })).toBeGreaterThanOrEqual(3),
    );
    const again = await startEventBackend(undefined, { port });
    await again.send('id: 2\ndata: 2\n\n');
    await stream.until('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n');
    expect(lastIdAt(again)).toBe('1');
  });

  it('a stream waits while every backend has a veto', async () => {
    const { one, other, gateway } = await scene();
    const stream = await openStream(gateway.port);
    await one.send('id: 1\ndata: 1\n\n');
    await stream.until('id: 1\ndata: 1\n\n');
    const { backends } = gateway.gateway.app.get(Upstreams).get('app');
    for (const backend of backends) backend.veto('unhealthy');
    one.crash();
    await eventually(async () => expect(await gateway.metric('gatehouse_event_streams_open', { backend: '' })).toBe(1));
    backends[0]!.lift('unhealthy');
    await one.send('id: 2\ndata: 2\n\n', 2);
    await stream.until('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n');
    expect(other.streams).toHaveLength(0);
  });

  it('a client that leaves while its stream waits leaves nothing behind', async () => {
    const { one, other, gateway } = await scene();
    const stream = await openStream(gateway.port);
    await one.send('retry: 60000\nid: 1\ndata: 1\n\n');
    await eventually(() => stream.text !== '');
    one.crash();
    await eventually(async () => expect(await gateway.metric('gatehouse_event_streams_open', { backend: '' })).toBe(1));
    stream.leave();
    await expectAtRest(gateway);
    expect(await accessLineOf(gateway)).toMatchObject({ error: 'CLIENT_ABORTED', status: 499 });
    expect(other.backend.requests).toHaveLength(0);
  });

  it('an event larger than can be held passes as it comes; a break within it is one for the client', async () => {
    const { one, other, gateway } = await scene();
    const [broken, whole] = [await openStream(gateway.port), await openStream(gateway.port)];
    const half = `id: 1\ndata: ${'x'.repeat(1_500_000)}`;
    await one.send(half);
    await other.send(half);
    await eventually(() => broken.text.length === half.length && whole.text.length === half.length);
    await other.send('\n\n');
    one.crash();
    expect(await broken.end()).toBe('broken');
    await eventually(() => whole.text.length === half.length + 2);
    other.crash();
    await one.send('id: 2\ndata: 2\n\n', 2);
    await whole.until(`${half}\n\nid: 2\ndata: 2\n\n`);
  });

  it('only what can be asked for again goes on: no POST, no declared length', async () => {
    const { one, other, gateway } = await scene();
    const posted = await openStream(gateway.port, { method: 'POST', body: 'x' });
    await one.send('data: 1\n\n');
    await posted.until('data: 1\n\n');
    one.crash();
    expect(await posted.end()).toBe('broken');
    expect(other.streams).toHaveLength(0);
  });

  it('is for the routes that say so', async () => {
    const [one, other] = [await startEventBackend(), await startEventBackend()];
    const gateway = await startInProcess({
      upstreams: { app: { backends: [one.url, other.url] } },
      routes: [{ upstream: 'app', match: { path: '/on' }, sse: { resume: true } }, { upstream: 'app' }],
    });
    const stream = await openStream(gateway.port, { path: '/off' });
    await one.send('id: 1\ndata: 1\n\n');
    await stream.until('id: 1\ndata: 1\n\n');
    one.crash();
    expect(await stream.end()).toBe('broken');
    const resumed = await openStream(gateway.port, { path: '/on' });
    const [from, to] = other.streams.length > 0 ? [other, one] : [one, other];
    from.crash();
    await eventually(() => to.streams.some(({ isClosed }) => !isClosed));
    expect(resumed.ended).toBeUndefined();
  });
});
