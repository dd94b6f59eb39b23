import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { closeLater } from '../support/cleanup.js';
import { request } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest, gatewayTo } from '../support/scene.js';
import { handshake, startUpgradeBackend, upgraded } from '../support/upgrade-scene.js';
import {
  clientClose,
  closeCodeOf,
  fromClient,
  fromServer,
  openTunnel,
  serverClose,
  serverGot,
} from '../support/tunnel-scene.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';

async function open(port: number, path = '/', protocols: string[] = []): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols);
  closeLater(() => socket.terminate());
  await once(socket, 'open');
  socket.on('error', () => {});
  return socket;
}

/** All series of tunnels, without their numbers. */
async function series(gateway: InProcessGateway): Promise<string[]> {
  const { text } = await request(gateway.adminPort, { path: '/metrics' });
  const lines = text.split('\n').filter(line => /^gatehouse_(?:tunnel|websocket)/.test(line));
  return lines.map(line => line.slice(0, line.lastIndexOf(' ')));
}

describe('the figures of tunnels', () => {
  it('count messages, control frames, bytes and closes while they are open, and are at rest when they are not', async () => {
    const backend = await startWebSocketBackend();
    const gateway = await startInProcess({
      upstreams: { app: { backends: [{ url: backend.url, id: 'one' }] } },
      routes: [{ name: 'chat', match: { path: '/*' }, upstream: 'app' }],
    });
    const sockets = [await open(gateway.port, '/a'), await open(gateway.port, '/b?x=1')];
    const labels = { route: 'chat', upstream: 'app', backend: 'one' };
    expect(await gateway.metric('gatehouse_tunnels_open', labels)).toBe(2);
    expect(await gateway.metric('gatehouse_tunnels_total', { route: 'chat' })).toBe(2);
    expect(await gateway.metric('gatehouse_websocket_closes_total')).toBe(0);
    for (const socket of sockets) {
      socket.send('hello');
      socket.send('again');
      socket.send(Buffer.from('bytes'));
      socket.ping();
    }
    const count = (direction: string, kind: string): Promise<number> =>
      gateway.metric('gatehouse_websocket_messages_total', { route: 'chat', direction, kind });
    await eventually(async () => {
      expect([await count('in', 'text'), await count('in', 'binary'), await count('in', 'ping')]).toEqual([4, 2, 2]);
      expect([await count('out', 'text'), await count('out', 'binary'), await count('out', 'pong')]).toEqual([4, 2, 2]);
    });
    // Two bytes of head, four of key; five of text.
    expect(await gateway.metric('gatehouse_tunnel_bytes_total', { direction: 'in' })).toBe(2 * (3 * 11 + 6));
    expect(await gateway.metric('gatehouse_tunnel_bytes_total', { direction: 'out' })).toBe(2 * (3 * 7 + 2));
    sockets[0]!.close(1000);
    sockets[1]!.close(4242, 'of our own');
    await expectAtRest(gateway);
    expect(await gateway.metric('gatehouse_tunnels_open')).toBe(0);
    expect(await gateway.metric('gatehouse_tunnels_total')).toBe(2);
    expect(await gateway.metric('gatehouse_websocket_closes_total', { route: 'chat', code: '1000' })).toBe(1);
    expect(await gateway.metric('gatehouse_websocket_closes_total', { route: 'chat', code: 'application' })).toBe(1);
    expect(
      await gateway.metric('gatehouse_stream_duration_seconds_count', { route: 'chat', protocol: 'websocket' }),
    ).toBe(2);
    expect(await count('in', 'text')).toBe(4);
  });

  it('have no labels that a client or a backend could choose', async () => {
    const backend = await startUpgradeBackend();
    const gateway = await gatewayTo([backend], {}, { websocket: { upgrades: 'any' } });
    const before = new Set<string>();
    for (let round = 0; round < 2; round++) {
      for (const code of [1000, 1005 + round, 2999 - round, 3000 + round, 4999 - round, 65_535 - round]) {
        const fields = { 'Sec-WebSocket-Protocol': `p${round}-${code}`, Origin: `http://o${round}${code}` };
        const number = backend.connections.length + 1;
        const client = await upgraded(gateway.port, handshake(fields, `/path-${round}-${code}`));
        const server = await backend.connection(number);
        client.send(clientClose(code, `reason ${round}`));
        await eventually(() => expect(serverGot({ server }).close ?? serverGot({ server }).error).toBeDefined());
        server.end(serverClose(code));
        client.half();
      }
      const other = await upgraded(gateway.port, handshake({ Upgrade: `p${round}`, 'Sec-WebSocket-Key': undefined }));
      backend.connections.at(-1)!.end();
      other.half();
      await expectAtRest(gateway);
      if (round === 0) for (const one of await series(gateway)) before.add(one);
    }
    expect((await series(gateway)).filter(one => !before.has(one))).toEqual([]);
  });
});

describe('the log of tunnels', () => {
  it('has a line when one is opened and one when it has ended, with what it has carried', async () => {
    const scene = await openTunnel();
    const opened = await scene.gateway.waitForLog(({ msg }) => msg === 'tunnel opened');
    expect(opened).toMatchObject({ level: 30, protocol: 'websocket', upstream: 'app', route: 'default' });
    expect(scene.gateway.logs.some(({ msg }) => msg === 'exchange')).toBe(false);
    const up = Buffer.concat([
      fromClient(1, 'one'),
      fromClient(2, 'two', false),
      fromClient(9),
      fromClient(0, 'three'),
    ]);
    const down = fromServer(1, 'a'.repeat(300));
    scene.client.send(up);
    scene.server.respond(down);
    await eventually(() => expect(serverGot(scene)).toMatchObject({ text: 1, binary: 1 }));
    await eventually(() => expect(scene.client.rest.length).toBe(down.length));
    scene.server.respond(serverClose(4001));
    await scene.client.until('\x88');
    scene.client.send(clientClose(4001));
    await scene.client.closed();
    scene.client.close();
    scene.server.end();
    expect(await accessLineOf(scene.gateway)).toMatchObject({
      requestId: opened['requestId'],
      status: 101,
      protocol: 'websocket',
      method: 'GET',
      path: '/',
      upstream: 'app',
      messagesIn: 2,
      messagesOut: 1,
      closeCode: 4001,
      closedBy: 'backend',
      bytesIn: up.length + 8,
      bytesOut: down.length + 4,
    });
    expect(scene.gateway.logs.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });

  it('is not written by the reason of a Close frame', async () => {
    const scene = await openTunnel();
    const reason = '"}\n{"level":60,"msg":"forged"}\n\u001b[2J\u2028\u009b';
    scene.client.send(clientClose(1000, reason));
    expect(await closeCodeOf(() => serverGot(scene))).toBe(1000);
    expect(serverGot(scene).close?.reason).toBe(reason);
    scene.server.end(serverClose(1000, reason));
    scene.client.half();
    await expectAtRest(scene.gateway);
    await accessLineOf(scene.gateway);
    expect(scene.gateway.logText).not.toContain('forged');
    expect(scene.gateway.logText).toMatch(/^(?:[\x20-\x7e]+\n)+$/);
  });

  it('has the code 1006 and who it was when one goes without a Close', async () => {
    for (const who of ['client', 'server'] as const) {
      const scene = await openTunnel();
      if (who === 'client') scene.client.reset();
      else scene.server.reset();
      await eventually(async () => {
        if (who === 'server') scene.client.half();
        expect(await scene.gateway.metric('gatehouse_tunnels_open')).toBe(0);
      });
      const closedBy = who === 'client' ? 'client' : 'backend';
      expect(await accessLineOf(scene.gateway)).toMatchObject({ closeCode: 1006, closedBy });
    }
  });
});
