import { describe, expect, it } from 'vitest';
import { answer, type BackendHandler, startBackend } from '../support/backend.js';
import { connectRaw, keepAliveAgent, request } from '../support/client.js';
import { connectFrames, frame, settingsId, uint32 } from '../support/http2-frames.js';
import type { InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { gatewayTo } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';

const page = Buffer.alloc(300_000, 'page');
const quick = { path: '/quick' };

/** A large answer that is made as it is read, and a small one. */
const endless: BackendHandler = (message, response) => {
  if (message.url === quick.path) return void response.end('ok');
  response.writeHead(200, { 'content-length': 256 * 1024 * 1024 });
  const piece = Buffer.alloc(64 * 1024);
  const pour = (): void => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', pour);
  pour();
};

const held = (gateway: InProcessGateway): Promise<number[]> =>
  gateway.metrics(['gatehouse_backend_in_flight', 'gatehouse_backend_unread', 'gatehouse_client_memory_bytes']);

describe.each(['default', 'http-proxy-middleware'])('clients that do not read, before %s', forwarder => {
  it('hold at most half of the places, by streams of HTTP/2 without a window: the rest of their answers waits in memory', async () => {
    const gateway = await secureGatewayTo(
      [await startBackend(answer(200, page, ['content-length', String(page.length)]))],
      {
        upstream: { forwarder, connections: { max: 8, queue: 1 } },
      },
    );
    const client = await connectFrames(gateway.port, { settings: [settingsId.initialWindowSize, 0] });
    for (let stream = 1; stream < 16; stream += 2) client.head(stream);
    await eventually(async () => expect((await held(gateway)).slice(0, 2)).toEqual([4, 4]));
    expect((await held(gateway))[2]).toBeLessThan(4 * (page.length + 1) + 1);

    // They miss nothing of them.
    for (let stream = 1; stream < 16; stream += 2) client.send(frame.windowUpdate, 0, stream, uint32(1_000_000));
    client.send(frame.windowUpdate, 0, 0, uint32(10_000_000));
    for (let stream = 1; stream < 16; stream += 2) {
      await eventually(() => client.bodyOf(stream).length === page.length);
      expect(client.bodyOf(stream).equals(page)).toBe(true);
    }
    await eventually(async () => expect(await held(gateway)).toEqual([0, 0, 0]));
  });

  it('are cut when their answers are larger than that and others wait for their places', async () => {
    const gateway = await gatewayTo([await startBackend(endless)], {
      forwarder,
      connections: { max: 4, queue: 4, queueTimeout: '30s' },
    });
    const readers = await Promise.all(Array.from({ length: 4 }, () => connectRaw(gateway.port)));
    for (const reader of readers) {
      reader.pause();
      reader.send('GET /large HTTP/1.1\r\nHost: a.example\r\n\r\n');
    }
    await eventually(async () => expect(await held(gateway)).toEqual([4, 4, 4 * 1024 * 1024]));
    expect(await request(gateway.port, quick)).toMatchObject({ status: 200, text: 'ok' });
    await gateway.waitForLog(({ reason }) => /^read nothing for .* while others waited/.test(String(reason)));

    // One was cut for it, and that is enough.
    const agent = keepAliveAgent();
    for (let i = 0; i < 20; i++)
      expect(await request(gateway.port, { ...quick, agent })).toMatchObject({ status: 200 });
    expect((await held(gateway)).slice(0, 2)).toEqual([3, 3]);
    for (const reader of readers) reader.close();
    await eventually(async () => expect(await held(gateway)).toEqual([0, 0, 0]));
  });
});
