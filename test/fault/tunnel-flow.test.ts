import type { ClientHttp2Stream } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { connectHttp2 } from '../support/http2-client.js';
import { closePayload, frameBytes, receive } from '../support/frame-bytes.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { behindHead, startUpgradeBackend } from '../support/upgrade-scene.js';
import {
  clientGot,
  closeCodeOf,
  fromClient,
  fromServer,
  leftBehind,
  openTunnel,
  serverClose,
  serverGot,
  type TunnelScene,
} from '../support/tunnel-scene.js';

/** Takes the Pings of the gateway out of a byte stream: what is left must be what the other side has sent. @throws Error when a frame is broken. */
function withoutPings(bytes: Buffer, masked: boolean): { rest: Buffer; pings: number } {
  const pieces: Buffer[] = [];
  let pings = 0;
  for (let at = 0; at < bytes.length;) {
    const short = bytes[at + 1]! & 127;
    const extended = short === 127 ? 8 : short === 126 ? 2 : 0;
    const length =
      extended === 8 ? Number(bytes.readBigUInt64BE(at + 2)) : extended === 2 ? bytes.readUInt16BE(at + 2) : short;
    const end = at + 2 + extended + (masked ? 4 : 0) + length;
    if (end > bytes.length) throw new Error('the last frame is not whole');
    if ((bytes[at]! & 15) === 9 && length === 0) pings++;
    else pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return { rest: Buffer.concat(pieces), pings };
}

/** Writes bytes in pieces of `size`, one every 20 ms, until all are written. */
async function trickle(write: (piece: Buffer) => unknown, bytes: Buffer, size: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += size) {
    write(bytes.subarray(at, at + size));
    const next = performance.now() + 20;
    await eventually(() => performance.now() >= next, { interval: 5 });
  }
}

/** Bytes without a pattern that a frame could hide in. */
const noise = (length: number): Buffer =>
  Buffer.from(new Uint8Array(length).map((_, at) => (at * 31 + (at >> 8)) & 255));

describe.each(['undici', 'http-proxy-middleware'])('Pings of the gateway behind %s', forwarder => {
  it.each([
    ['in many fragments', [1_000, 2_000, 3_000, 4_000, 5_000, 70_000], 700],
    ['in one slow frame', [66_000], 500],
    ['in empty frames', [0, 0, 0, 1, 0], 1],
  ])('stand between the frames of a large message that comes %s, never inside one', async (_, sizes, piece) => {
    const scene = await openTunnel({ websocket: { pingInterval: '100ms' }, upstream: { forwarder } });
    const frames = (key?: Buffer): Buffer =>
      Buffer.concat([
        ...sizes.map((size, at) => frameBytes({ opcode: at === 0 ? 2 : 0, final: false, payload: noise(size), key })),
        frameBytes({ opcode: 0, payload: Buffer.from('end'), key }),
      ]);
    const [up, down] = [frames(Buffer.from([5, 6, 7, 8])), frames()];
    await Promise.all([
      trickle(bytes => scene.client.send(bytes), up, piece),
      trickle(bytes => scene.server.respond(bytes), down, piece),
    ]);
    await eventually(() => {
      const [toServer, toClient] = [
        withoutPings(behindHead(scene.server), true),
        withoutPings(scene.client.rest, false),
      ];
      expect(toServer.rest.equals(up)).toBe(true);
      expect(toClient.rest.equals(down)).toBe(true);
      expect(toServer.pings).toBeGreaterThan(0);
      expect(toClient.pings).toBeGreaterThan(0);
    });
    expect(serverGot(scene)).toMatchObject({ binary: 1, error: undefined });
    expect(clientGot(scene)).toMatchObject({ binary: 1, error: undefined });
  });
});

it('Pings do not pile up before a client that does not read', async () => {
  const scene = await openTunnel({ websocket: { pingInterval: '100ms' } });
  scene.client.pause();
  // Small frames: wherever the stream stops, the end of one is near.
  const size = 20 * 1024 * 1024;
  const frames = Buffer.alloc(1024 * 1024, fromServer(2, Buffer.alloc(1020)));
  for (let count = 0; count < 20; count++) scene.server.respond(frames);
  // The other way is open: that the gateway pings is seen there. How many before all buffers are full depends on the machine.
  const pinged = (): number => serverGot(scene).pings.length;
  let taken = -1;
  await eventually(
    () => {
      const before = taken;
      taken = scene.server.socket.bytesWritten - scene.server.socket.writableLength;
      return taken === before;
    },
    { interval: 250, what: 'the end of what is taken' },
  );
  const before = pinged();
  await eventually(() => expect(pinged()).toBeGreaterThan(before + 15));
  scene.client.resume();
  await eventually(() => expect(scene.client.socket.bytesRead).toBeGreaterThan(size), { deadline: 15_000 });
  expect((scene.client.rest.length - size) / 2).toBeLessThan(before + 5);
});

describe('idleTimeout', () => {
  it.each([
    ['messages of the client', (scene: TunnelScene) => scene.client.send(fromClient(1, 'x'))],
    ['messages of the server', (scene: TunnelScene) => scene.server.respond(fromServer(1, 'x'))],
    ['Pongs of the client', (scene: TunnelScene) => scene.client.send(fromClient(10))],
    ['Pings of the server', (scene: TunnelScene) => scene.server.respond(fromServer(9))],
  ])('does not close while %s come, and closes with 1001 when they stop', async (_, send) => {
    const scene = await openTunnel({ websocket: { idleTimeout: '600ms' } });
    const started = performance.now();
    const talk = setInterval(() => send(scene), 100);
    await eventually(() => performance.now() - started > 2000);
    clearInterval(talk);
    expect(clientGot(scene).close).toBeUndefined();
    expect(await closeCodeOf(() => clientGot(scene))).toBe(1001);
    expect(await closeCodeOf(() => serverGot(scene))).toBe(1001);
    expect(clientGot(scene).close?.reason).toBe('idle');
  });
});

describe.each(['undici', 'http-proxy-middleware'])('a reader that stops, behind %s', forwarder => {
  const size = 40;
  const big = noise(1024 * 1024);

  /** Writes `size` MiB and waits until no more is taken; gives how many were. */
  async function pour(socket: import('node:net').Socket, frame: Buffer): Promise<() => number> {
    let taken = 0;
    for (let count = 0; count < size; count++) socket.write(frame, () => taken++);
    let before = -1;
    await eventually(
      () => {
        const still = taken === before;
        before = taken;
        return still;
      },
      { interval: 250 },
    );
    return () => taken;
  }

  it('on the client side has the server wait, and gets it all later', async () => {
    const scene = await openTunnel({ upstream: { forwarder } });
    scene.client.pause();
    const taken = await pour(scene.server.socket, fromServer(2, big));
    expect(taken()).toBeLessThan(size / 2);
    // The other way is open all the while.
    scene.client.send(fromClient(1, 'hello'));
    await eventually(() => expect(serverGot(scene).text).toBe(1));
    scene.client.resume();
    await eventually(() => expect(scene.client.socket.bytesRead).toBeGreaterThan(size * big.length), {
      deadline: 15_000,
    });
    expect(receive(scene.client.rest, false)).toMatchObject({ binary: size, error: undefined });
  });

  it('on the server side has the client wait, and gets it all later', async () => {
    const scene = await openTunnel({ upstream: { forwarder } });
    scene.server.pause();
    const taken = await pour(scene.client.socket, fromClient(2, big));
    expect(taken()).toBeLessThan(size / 2);
    scene.server.respond(fromServer(1, 'hello'));
    await eventually(() => expect(clientGot(scene).text).toBe(1));
    scene.server.resume();
    await eventually(() => expect(scene.server.socket.bytesRead).toBeGreaterThan(size * big.length), {
      deadline: 15_000,
    });
    expect(serverGot(scene)).toMatchObject({ binary: size, error: undefined });
  });

  it('on the client side is cut after writeTimeout', async () => {
    const scene = await openTunnel({ upstream: { forwarder }, limits: { writeTimeout: '600ms' } });
    scene.client.pause();
    await pour(scene.server.socket, fromServer(2, big));
    expect(await closeCodeOf(() => serverGot(scene))).toBe(1001);
    await leftBehind(scene);
    await expectAtRest(scene.gateway);
    expect(await accessLineOf(scene.gateway)).toMatchObject({
      error: 'CLIENT_ABORTED',
      closedBy: 'gateway',
      closeCode: 1006,
    });
    await eventually(() => expect(scene.gateway.gateway.listeners[0]!.connections).toBe(0));
  });

  it('on the server side is cut after idleTimeout and the time of a farewell', async () => {
    const scene = await openTunnel({ upstream: { forwarder }, websocket: { idleTimeout: '500ms' } });
    scene.server.pause();
    await pour(scene.client.socket, fromClient(2, big));
    await scene.client.closed(9000);
    await expectAtRest(scene.gateway);
  });
});

describe('a tunnel on a stream of HTTP/2', () => {
  const fields = { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', 'sec-websocket-version': '13' };

  async function openStream(limits = {}) {
    const backend = await startUpgradeBackend();
    const gateway = await secureGatewayTo([backend], { limits });
    const client = await connectHttp2(gateway.port);
    const stream: ClientHttp2Stream = client.open(fields);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const server = await backend.connection();
    await eventually(() => expect(stream.sentHeaders && server.heads).toBe(1));
    stream.write(fromClient(1, 'hello'));
    await eventually(() => expect(serverGot({ server }).text).toBe(1));
    return { gateway, client, stream, server, got: () => receive(Buffer.concat(chunks), false) };
  }

  it.each(['resets it', 'ends its side', 'closes its connection'])(
    'has its backend told when the client %s',
    async how => {
      const { gateway, client, server, stream } = await openStream();
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

  it('has its client told when the backend is killed', async () => {
    const { gateway, server, stream, got } = await openStream();
    server.reset();
    expect(await closeCodeOf(got)).toBe(1012);
    stream.end(frameBytes({ opcode: 8, payload: closePayload(1012), key: Buffer.alloc(4) }));
    await expectAtRest(gateway);
  });

  it('has its server wait for a client that gives no window, and cuts it after writeTimeout', async () => {
    const { gateway, server, stream } = await openStream({ writeTimeout: '500ms' });
    stream.pause();
    let taken = 0;
    const frame = fromServer(2, noise(1024 * 1024));
    for (let count = 0; count < 30; count++) server.socket.write(frame, error => (taken += error ? 0 : 1));
    await leftBehind({ server });
    expect(taken).toBeLessThan(20);
    await expectAtRest(gateway);
  });

  it('is not cut while its client reads slowly but steadily', async () => {
    const { gateway, server, stream } = await openStream({ writeTimeout: '500ms' });
    stream.pause();
    const frame = fromServer(2, noise(65_000));
    for (let count = 0; count < 60; count++) server.socket.write(frame);
    let read = 0;
    const started = performance.now();
    await eventually(
      () => {
        read += (stream.read(Math.min(stream.readableLength, 16_384)) as Buffer | null)?.length ?? 0;
        return performance.now() - started > 3000;
      },
      { interval: 40 },
    );
    expect(read).toBeGreaterThan(200_000);
    expect(stream.destroyed).toBe(false);
    expect(await gateway.metric('gatehouse_tunnels_open')).toBe(1);
  });
});
