import { describe, expect, it } from 'vitest';
import type { LiveBackend } from '../../src/upstream/live-backend.js';
import { Upstreams } from '../../src/upstream/upstreams.js';
import { answer } from '../support/backend.js';
import { keepAliveAgent, request } from '../support/client.js';
import { openHttp2Stream, openStream, startEventBackend, type EventBackend } from '../support/event-stream.js';
import { connectHttp2 } from '../support/http2-client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { gatewayTo } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';

const quiet = { sse: { heartbeat: '0s' } };
const resuming = { sse: { heartbeat: '0s', resume: true } };
const post = { method: 'POST', body: 'x' };

const backendOf = (gateway: InProcessGateway, { id }: EventBackend): LiveBackend => {
  const found = gateway.gateway.app
    .get(Upstreams)
    .get('app')
    .backends.find(each => each.id === id);
  if (found === undefined) throw new Error(`no backend ${id}`);
  return found;
};

describe('while the gateway shuts down', () => {
  it('a stream ends at the next boundary, so that an EventSource goes elsewhere; others have the grace time', async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend], {}, quiet);
    const [between, within, posted, unasked] = [
      await openStream(gateway.port),
      await openStream(gateway.port),
      await openStream(gateway.port, post),
      await openStream(gateway.port, { headers: { accept: '*/*' } }),
    ];
    await backend.send('data: 1\n\n', 1);
    await backend.send('data: 1\n\ndata: ha', 2);
    await backend.send('data: to', 3);
    await between.until('data: 1\n\n');
    await within.until('data: 1\n\ndata: ha');
    await posted.until('data: to');
    const stopped = gateway.stop(3_000);
    expect(await between.end()).toBe('end');
    expect(within.ended).toBeUndefined();
    await backend.send('lf\n\ndata: never', 2);
    expect(await within.end()).toBe('end');
    expect(within.text).toBe('data: 1\n\ndata: half\n\n');
    await backend.send('ken\n\n', 3);
    await posted.until('data: token\n\n');
    (await backend.stream(3)).response.end();
    expect(await posted.end()).toBe('end');
    expect(unasked.ended).toBeUndefined();
    expect(await stopped).toBe(1);
    expect(await unasked.end()).toBe('broken');
    await eventually(() => backend.streams.every(({ isClosed }) => isClosed));
  });

  it('one that is asked for on a connection that stands is answered, and ends at once', async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend], {}, quiet);
    const agent = keepAliveAgent();
    const { handler } = backend.backend;
    backend.backend.handler = answer(200, 'page');
    await request(gateway.port, { agent });
    backend.backend.handler = handler;
    const holding = await openStream(gateway.port, post);
    const stopped = gateway.stop(5_000);
    const late = await openStream(gateway.port, { agent });
    expect([late.status, late.headers['connection']]).toEqual([200, 'close']);
    expect(await late.end()).toBe('end');
    holding.leave();
    expect(await stopped).toBe(0);
  });

  it('one that waits for another backend ends, too', async () => {
    const [one, other] = [await startEventBackend(), await startEventBackend()];
    const gateway = await gatewayTo([one, other], {}, resuming);
    const stream = await openStream(gateway.port);
    await one.send('retry: 60000\nid: 1\ndata: 1\n\nid: 2\n');
    await eventually(() => stream.text !== '');
    one.crash();
    await eventually(async () => expect(await gateway.metric('gatehouse_event_streams_open', { backend: '' })).toBe(1));
    const stopped = gateway.stop(5_000);
    expect([await stream.end(), stream.text]).toEqual(['end', 'retry: 60000\nid: 1\ndata: 1\n\n']);
    expect(await stopped).toBe(0);
  });

  it('one over HTTP/2 ends likewise, and its connection with it', async () => {
    const backend = await startEventBackend();
    const gateway = await secureGatewayTo([backend], { others: quiet });
    const client = await connectHttp2(gateway.port);
    const stream = await openHttp2Stream(client);
    await backend.send('data: 1\n\n');
    await stream.until('data: 1\n\n');
    const stopped = gateway.stop(5_000);
    expect(await stream.end()).toBe('end');
    await client.closed();
    expect(await stopped).toBe(0);
  });
});

describe('a backend that drains', () => {
  it('is left by a stream that may be resumed, between two events', async () => {
    const [one, other] = [await startEventBackend(), await startEventBackend()];
    const gateway = await gatewayTo([one, other], {}, resuming);
    const [first, elsewhere, second] = [
      await openStream(gateway.port),
      await openStream(gateway.port),
      await openStream(gateway.port),
    ];
    await one.send('id: 1\ndata: 1\n\n', 1);
    await one.send('id: 5\ndata: fi', 2);
    await first.until('id: 1\ndata: 1\n\n');
    await eventually(async () => expect(await gateway.metric('gatehouse_stream_events_total')).toBe(1));
    backendOf(gateway, one).veto('draining');
    await other.send('id: 2\ndata: 2\n\n', 2);
    await first.until('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n');
    expect(one.streams.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    await one.send('ve\n\nid: 6\n', 2);
    await other.send('id: 6\ndata: 6\n\n', 3);
    await second.until('id: 5\ndata: five\n\nid: 6\ndata: 6\n\n');
    expect(other.streams.slice(1).map(({ record }) => record.header('last-event-id'))).toEqual(['1', '5']);
    expect(elsewhere.ended).toBeUndefined();
    expect(await gateway.waitForLog(({ msg }) => msg === 'event stream resumed')).toMatchObject({
      from: one.id,
      to: other.id,
      reason: 'the backend is draining',
    });
    expect(await gateway.metric('gatehouse_attempts_total', { outcome: 'failure' })).toBe(0);
  });

  it('is left by others that come again, too; not by those that do not', async () => {
    const [one, other] = [await startEventBackend(), await startEventBackend()];
    const gateway = await gatewayTo([one, other], {}, quiet);
    const [get, elsewhere, posted] = [
      await openStream(gateway.port),
      await openStream(gateway.port),
      await openStream(gateway.port, post),
    ];
    backendOf(gateway, one).veto('draining');
    expect(await get.end()).toBe('end');
    await one.send('data: token\n\n', 2);
    await posted.until('data: token\n\n');
    expect([elsewhere.ended, posted.ended]).toEqual([undefined, undefined]);
  });

  it('is not left while there is no other', async () => {
    const [one, other] = [await startEventBackend(), await startEventBackend()];
    const gateway = await gatewayTo([one, other], {}, quiet);
    const stream = await openStream(gateway.port);
    backendOf(gateway, other).veto('unhealthy');
    backendOf(gateway, one).veto('draining');
    await one.send('data: 1\n\n');
    await stream.until('data: 1\n\n');
    expect(stream.ended).toBeUndefined();
    backendOf(gateway, other).lift('unhealthy');
    expect(await stream.end()).toBe('end');
  });
});
