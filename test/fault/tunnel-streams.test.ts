import type { ClientHttp2Stream } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { connectHttp2 } from '../support/http2-client.js';
import { closePayload, frameBytes, receive } from '../support/frame-bytes.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { startUpgradeBackend } from '../support/upgrade-scene.js';
import {
  closeCodeOf,
  fromClient,
  fromServer,
  leftBehind,
  noise,
  serverClose,
  serverGot,
} from '../support/tunnel-scene.js';

describe('a tunnel on a stream of HTTP/2', () => {
  const fields = { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', 'sec-websocket-version': '13' };

  async function gatewayWith(limits = {}) {
    const backend = await startUpgradeBackend();
    return { backend, gateway: await secureGatewayTo([backend], { limits }) };
  }

  async function openStream({ backend, gateway }: Awaited<ReturnType<typeof gatewayWith>>) {
    const number = backend.connections.length + 1;
    const client = await connectHttp2(gateway.port);
    const stream: ClientHttp2Stream = client.open(fields);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const server = await backend.connection(number);
    await eventually(() => expect(stream.sentHeaders && server.heads).toBe(1));
    stream.write(fromClient(1, 'hello'));
    await eventually(() => expect(serverGot({ server }).text).toBe(1));
    return { gateway, client, stream, server, got: () => receive(Buffer.concat(chunks), false) };
  }

  it.each(['resets it', 'ends its side', 'closes its connection'])(
    'has its backend told when the client %s',
    async how => {
      const { gateway, client, server, stream } = await openStream(await gatewayWith());
      if (how === 'resets it') stream.close(8);
      else if (how === 'ends its side') stream.end();
      else client.session.destroy();
      expect(await closeCodeOf(() => serverGot({ server }))).toBe(1001);
      server.end(serverClose(1001));
      await expectAtRest(gateway);
      expect(await accessLineOf(gateway)).toMatchObject({
        status: 200,
        closedBy: 'client',
        closeCode: 1006,
        messagesIn: 1,
      });
    },
  );

  it('sends its client a Close frame when the backend is killed', async () => {
    const { gateway, server, stream, got } = await openStream(await gatewayWith());
    server.reset();
    expect(await closeCodeOf(got)).toBe(1012);
    stream.end(frameBytes({ opcode: 8, payload: closePayload(1012), key: Buffer.alloc(4) }));
    await expectAtRest(gateway);
  });

  it('has its server wait for a client that gives no window, and cuts it after writeTimeout', async () => {
    const { gateway, server, stream } = await openStream(await gatewayWith({ writeTimeout: '500ms' }));
    stream.pause();
    let taken = 0;
    const frame = fromServer(2, noise(1024 * 1024));
    for (let count = 0; count < 30; count++) server.socket.write(frame, error => (taken += error ? 0 : 1));
    await leftBehind({ server });
    expect(taken).toBeLessThan(20);
    await expectAtRest(gateway);
  });

  it('is not cut while its client reads slowly but steadily', async () => {
    const setup = await gatewayWith({ writeTimeout: '500ms' });
    const { gateway, server, stream } = await openStream(setup);
    stream.pause();
    const frame = fromServer(2, noise(65_000));
    for (let count = 0; count < 60; count++) server.socket.write(frame);
    let read = 0;
    const reading = setInterval(() => {
      read += (stream.read(Math.min(stream.readableLength, 16_384)) as Buffer | null)?.length ?? 0;
    }, 40);
    stream.once('close', () => clearInterval(reading));
    // Those that do not read are cut meanwhile, one after the other.
    for (let count = 0; count < 2; count++) {
      const other = await openStream(setup);
      other.stream.pause();
      for (let sent = 0; sent < 60; sent++) other.server.socket.write(frame);
      await leftBehind(other);
    }
    clearInterval(reading);
    expect(read).toBeGreaterThan(100_000);
    expect(stream.destroyed).toBe(false);
    await eventually(async () => expect(await gateway.metric('gatehouse_tunnels_open')).toBe(1));
  });
});
