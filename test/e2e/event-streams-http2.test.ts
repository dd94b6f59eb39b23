import { describe, expect, it } from 'vitest';
import { openHttp2Stream, startEventBackend, type StreamReader } from '../support/event-stream.js';
import { connectHttp2 } from '../support/http2-client.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';

const others = { sse: { heartbeat: '100ms' } };

describe('an event stream over HTTP/2', () => {
  it('has its head and each event at once, and heartbeats between them', async () => {
    const backend = await startEventBackend();
    const gateway = await secureGatewayTo([backend], { others });
    const client = await connectHttp2(gateway.port);
    const stream = await openHttp2Stream(client, { 'last-event-id': '41' });
    expect([stream.status, stream.headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect(backend.streams[0]?.record.header('last-event-id')).toBe('41');
    await eventually(() => stream.heartbeats >= 2);
    await backend.send('data: 1\n\n');
    await stream.until('data: 1\n\n');
    await backend.send('data: ha');
    await eventually(() => stream.text.endsWith('data: ha'));
    await backend.send('lf\n\n');
    await stream.until('data: 1\n\ndata: half\n\n');
    (await backend.stream()).response.end();
    expect(await stream.end()).toBe('end');
    expect(await accessLineOf(gateway)).toMatchObject({ httpVersion: '2.0', protocol: 'sse', events: 2 });
  });

  it('takes its connection to the backend with it when the client resets it', async () => {
    const backend = await startEventBackend();
    const gateway = await secureGatewayTo([backend], { others });
    const client = await connectHttp2(gateway.port);
    const stream = await openHttp2Stream(client);
    stream.leave();
    await eventually(() => backend.streams[0]?.isClosed === true);
    await expectAtRest(gateway);
  });

  it('shares its connection with many, and none waits for another that is not read', async () => {
    const backend = await startEventBackend();
    const gateway = await secureGatewayTo([backend], { others });
    const client = await connectHttp2(gateway.port, { settings: { initialWindowSize: 65_535 } });
    const unread = client.open({ accept: 'text/event-stream' }, true);
    const { response } = await backend.stream();
    response.write(`data: ${'x'.repeat(1_000_000)}\n\n`);
    const streams: StreamReader[] = [];
    for (let number = 0; number < 50; number++) streams.push(await openHttp2Stream(client));
    await eventually(() => backend.streams.length === 51);
    for (let number = 0; number < 50; number++) await backend.send(`data: ${number}\n\n`, number + 2);
    await Promise.all(streams.map((stream, number) => stream.until(`data: ${number}\n\n`)));
    await eventually(() => streams.every(({ heartbeats }) => heartbeats >= 2));
    unread.close();
  });

  it('is refused beyond sse.maxConnections', async () => {
    const backend = await startEventBackend();
    const gateway = await secureGatewayTo([backend], { others: { sse: { maxConnections: 1 } } });
    const client = await connectHttp2(gateway.port);
    const first = await openHttp2Stream(client);
    expect((await openHttp2Stream(client)).status).toBe(503);
    first.leave();
    await eventually(async () => expect((await openHttp2Stream(client)).status).toBe(200));
  });

  it('goes on at another backend, and breaks visibly where it cannot', async () => {
    const [one, other] = [await startEventBackend(), await startEventBackend()];
    const gateway = await secureGatewayTo([one, other], { others: { sse: { resume: true, heartbeat: '0s' } } });
    const client = await connectHttp2(gateway.port);
    const stream = await openHttp2Stream(client);
    const posted = await openHttp2Stream(client, { ':method': 'POST' });
    await one.send('id: 1\ndata: 1\n\nid: 2\ndata: tw');
    await stream.until('id: 1\ndata: 1\n\n');
    one.crash();
    await other.send('id: 2\ndata: two\n\n', 2);
    await stream.until('id: 1\ndata: 1\n\nid: 2\ndata: two\n\n');
    other.crash();
    expect(await posted.end()).toBe('broken');
    expect(stream.ended).toBeUndefined();
  });
});
