import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Upstreams } from '../../src/upstream/upstreams.js';
import { closeLater } from '../support/cleanup.js';
import { connectRaw } from '../support/client.js';
import { closePayload, frameBytes, receive } from '../support/frame-bytes.js';
import { connectHttp2 } from '../support/http2-client.js';
import { startInProcess } from '../support/in-process.js';
import { eventually, within } from '../support/poll.js';
import { startGateway } from '../support/program.js';
import { startRawBackend, type RawBackend } from '../support/raw-backend.js';
import { expectAtRest, gatewayTo } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import {
  anotherTunnel,
  clientClose,
  clientGot,
  closeCodeOf,
  fromClient,
  fromServer,
  leftBehind,
  openTunnel,
  serverClose,
  serverGot,
} from '../support/tunnel-scene.js';
import { behindHead, handshake, startUpgradeBackend, switching, upgraded } from '../support/upgrade-scene.js';
import { startWebSocketBackend, type WebSocketBackend } from '../support/websocket-backend.js';

const large = Buffer.alloc(100_000, 'x');
/** Tunnels that say nothing meanwhile. */
const many = 50;

/** What stands before a server of WebSockets, and before one that the test speaks for on `/raw`. */
async function scene(grace: string): Promise<{ config: object; backend: WebSocketBackend; raw: RawBackend }> {
  const backend = await startWebSocketBackend();
  const raw = await startUpgradeBackend();
  const config = {
    shutdown: { grace },
    upstreams: {
      app: { backends: [backend.url], connections: { max: 500 } },
      raw: { backends: [raw.url] },
    },
    routes: [
      { match: { path: '/raw' }, upstream: 'raw' },
      { match: { path: '/*' }, upstream: 'app' },
    ],
  };
  return { config, backend, raw };
}

async function crowd(port: number, count: number): Promise<{ closes: number[]; sockets: WebSocket[] }> {
  const closes: number[] = [];
  const sockets: WebSocket[] = [];
  const open = async (): Promise<void> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    socket.on('error', () => {}).on('close', code => closes.push(code));
    closeLater(() => socket.terminate());
    await once(socket, 'open');
    sockets.push(socket);
  };
  for (let opened = 0; opened < count; opened += 25) await Promise.all(Array.from({ length: 25 }, open));
  return { closes, sockets };
}

describe('a program that is told to end while tunnels are open', () => {
  it('says 1001 to them, and ends at once at the second signal', async () => {
    const { config, raw } = await scene('60s');
    const gateway = await startGateway(config);
    const client = await upgraded(gateway.port, handshake({}, '/raw'));
    const server = await raw.connection();
    gateway.signal('SIGTERM');
    expect(await closeCodeOf(() => clientGot({ client }))).toBe(1001);
    expect(await closeCodeOf(() => serverGot({ server }))).toBe(1001);
    gateway.signal('SIGTERM');
    expect(await gateway.child.exited).toEqual({ code: 143, signal: null });
    await client.closed();
    expect(raw.connections).toHaveLength(1);
    expect(gateway.stderr).toBe('');
  });
});

describe('while it shuts down', () => {
  it('all tunnels are told 1001, in the middle of frames and before slow readers too, and none is cut', async () => {
    const { config, backend, raw } = await scene('60s');
    // On a busy machine some megabytes may take longer than a farewell usually may.
    const gateway = await startInProcess(config, { times: { farewell: 60_000 } });
    const { closes } = await crowd(gateway.port, many);
    // One that is sending a frame, one that is being sent a frame, and one that does not read.
    const scenes = [];
    for (let number = 1; number <= 3; number++) {
      const client = await upgraded(gateway.port, handshake({}, '/raw'));
      scenes.push({ client, server: await raw.connection(number) });
    }
    const [sending, getting, slow] = scenes as [(typeof scenes)[0], (typeof scenes)[0], (typeof scenes)[0]];
    const [up, down] = [fromClient(2, large), fromServer(2, large)];
    sending.client.send(up.subarray(0, 50_000));
    getting.server.respond(down.subarray(0, 50_000));
    slow.client.pause();
    for (let count = 0; count < 100; count++) slow.server.respond(down);
    await eventually(() => expect(behindHead(sending.server)).toHaveLength(50_000));
    await eventually(() => expect(getting.client.rest).toHaveLength(50_000));

    const stopped = gateway.gateway.stop();
    expect(await closeCodeOf(() => clientGot(sending))).toBe(1001);
    expect(await closeCodeOf(() => serverGot(getting))).toBe(1001);
    expect(await closeCodeOf(() => serverGot(slow))).toBe(1001);
    sending.client.send(Buffer.concat([up.subarray(50_000), clientClose(1001)]));
    getting.server.respond(Buffer.concat([down.subarray(50_000), serverClose(1001)]));
    slow.client.resume();
    expect(await closeCodeOf(() => serverGot(sending))).toBe(1001);
    expect(await closeCodeOf(() => clientGot(getting))).toBe(1001);
    // Of some megabytes only the end is looked at again and again.
    const end = serverClose(1001, 'going away');
    await eventually(() => slow.client.rest.subarray(-end.length).equals(end));
    expect(clientGot(slow).close?.code).toBe(1001);
    // Behind whole frames, not behind all that its server had to say.
    expect(clientGot(slow).binary).toBeGreaterThan(0);
    expect(clientGot(slow).error).toBeUndefined();
    expect(serverGot(sending)).toMatchObject({ binary: 1, error: undefined });
    for (const { client, server } of scenes) {
      client.half();
      server.end();
    }
    expect(await within(stopped, 20_000, 'the end')).toBe(0);
    await eventually(() => expect(closes).toEqual(Array(many).fill(1001)));
    await eventually(() => expect(backend.closes.map(([code]) => code)).toEqual(Array(many).fill(1001)));
    const lines = gateway.logs.filter(({ msg }) => msg === 'exchange');
    expect(lines).toHaveLength(many + 3);
    expect(lines.every(({ closeCode, closedBy }) => closeCode === 1001 && closedBy === 'gateway')).toBe(true);
    expect(gateway.logs.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });

  it('those that do not answer are cut when the grace period is over', async () => {
    const { config, raw } = await scene('300ms');
    const gateway = await startInProcess(config);
    const client = await upgraded(gateway.port, handshake({}, '/raw'));
    const server = await raw.connection();
    const stopped = gateway.gateway.stop();
    expect(await closeCodeOf(() => clientGot({ client }))).toBe(1001);
    expect(await closeCodeOf(() => serverGot({ server }))).toBe(1001);
    expect(await stopped).toBe(1);
    await client.closed();
    await leftBehind({ server });
  });

  it('a handshake that had begun is finished, and its tunnel closed with 1001', async () => {
    const backend = await startRawBackend();
    const gateway = await gatewayTo([backend]);
    const client = await connectRaw(gateway.port);
    client.send(handshake());
    const server = await backend.connection();
    const head = await server.head();
    const stopped = gateway.stop(10_000);
    server.respond(switching(head));
    expect(await client.response()).toMatchObject({ status: 101 });
    expect(await closeCodeOf(() => clientGot({ client }))).toBe(1001);
    expect(await closeCodeOf(() => serverGot({ server }))).toBe(1001);
    server.end(serverClose(1001));
    client.send(clientClose(1001));
    client.half();
    expect(await stopped).toBe(0);
  });

  it('a tunnel of another protocol is ended', async () => {
    const backend = await startUpgradeBackend();
    const gateway = await gatewayTo([backend], {}, { websocket: { upgrades: 'any' } });
    const client = await upgraded(gateway.port, handshake({ Upgrade: 'foo', 'Sec-WebSocket-Key': undefined }));
    const server = await backend.connection();
    const stopped = gateway.stop(10_000);
    await client.closed();
    await leftBehind({ server });
    server.end();
    client.half();
    expect(await stopped).toBe(0);
  });

  it('tunnels on streams of HTTP/2 are closed with 1001, and their connection ends', async () => {
    const backend = await startWebSocketBackend();
    const gateway = await secureGatewayTo([backend]);
    const client = await connectHttp2(gateway.port);
    const streams = [1, 2, 3].map(() =>
      client.open({
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':scheme': 'https',
        'sec-websocket-version': '13',
      }),
    );
    const got = streams.map(stream => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      return () => receive(Buffer.concat(chunks), false);
    });
    await eventually(() => expect(backend.sockets).toHaveLength(3));
    const stopped = gateway.stop(10_000);
    for (const each of got) expect(await closeCodeOf(each)).toBe(1001);
    for (const stream of streams) {
      stream.end(frameBytes({ opcode: 8, payload: closePayload(1001), key: Buffer.alloc(4) }));
    }
    expect(await stopped).toBe(0);
    await client.closed();
    await eventually(() => expect(backend.closes.map(([code]) => code)).toEqual([1001, 1001, 1001]));
  });
});

describe('a backend that is drained', () => {
  it('has its tunnels closed with 1001, and no other has', async () => {
    const backends = [await startUpgradeBackend(), await startUpgradeBackend()];
    const gateway = await gatewayTo(backends);
    const scenes = [];
    for (let number = 0; number < 6; number++) {
      const client = await upgraded(gateway.port);
      const at = number % 2;
      scenes.push({ at, client, server: await backends[at]!.connection((number >> 1) + 1) });
    }
    const drained = gateway.gateway.app.get(Upstreams).get('app').backends[0]!;
    drained.veto('draining');
    for (const scene of scenes.filter(({ at }) => at === 0)) {
      expect(await closeCodeOf(() => clientGot(scene))).toBe(1001);
      expect(await closeCodeOf(() => serverGot(scene))).toBe(1001);
      scene.server.end(serverClose(1001));
      scene.client.send(clientClose(1001));
      expect(await scene.client.closed()).toBe('end');
      scene.client.close();
    }
    await eventually(async () => expect(await gateway.metric('gatehouse_tunnels_open')).toBe(3));
    // Those of the other one go on, and new ones go there.
    for (const scene of scenes.filter(({ at }) => at === 1)) {
      scene.client.send(fromClient(1, 'still here?'));
      await eventually(() => expect(serverGot(scene).text).toBe(1));
      expect(clientGot(scene).close).toBeUndefined();
    }
    for (let count = 0; count < 4; count++) await upgraded(gateway.port);
    expect(backends.map(({ connections }) => connections.length)).toEqual([3, 7]);
    drained.lift('draining');
    for (let count = 0; count < 4; count++) await upgraded(gateway.port);
    expect(backends[0]!.connections.length).toBeGreaterThan(3);
  });

  it('while a handshake is under way keeps no tunnel', async () => {
    const backend = await startRawBackend();
    const gateway = await gatewayTo([backend]);
    const client = await connectRaw(gateway.port);
    client.send(handshake());
    const server = await backend.connection();
    const head = await server.head();
    gateway.gateway.app.get(Upstreams).get('app').backends[0]!.veto('draining');
    server.respond(switching(head));
    expect(await client.response()).toMatchObject({ status: 101 });
    expect(await closeCodeOf(() => clientGot({ client }))).toBe(1001);
    client.close();
    server.end();
    await expectAtRest(gateway);
  });

  it('has tunnels closed when it is drained a second time', async () => {
    const scene = await openTunnel();
    const [only] = scene.gateway.gateway.app.get(Upstreams).get('app').backends;
    only!.veto('draining');
    expect(await closeCodeOf(() => clientGot(scene))).toBe(1001);
    only!.lift('draining');
    const next = await anotherTunnel(scene.gateway, scene.backend);
    only!.veto('draining');
    expect(await closeCodeOf(() => clientGot(next))).toBe(1001);
  });
});
