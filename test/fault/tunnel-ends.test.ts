import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/poll.js';
import type { InProcessGateway } from '../support/in-process.js';
import type { RawBackend } from '../support/raw-backend.js';
import { accessLineOf, accessLines, expectAtRest, gatewayTo } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { behindHead, handshake, startUpgradeBackend, upgraded } from '../support/upgrade-scene.js';
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
  type TunnelScene,
} from '../support/tunnel-scene.js';

/** How a test ends what has to be ended by both. */
async function expectOver({ gateway, client, server }: TunnelScene): Promise<void> {
  client.close();
  server.end();
  await expectAtRest(gateway);
  await eventually(() => expect(gateway.gateway.listeners[0]!.connections).toBe(0));
  expect(await gateway.metric('gatehouse_tunnels_open')).toBe(0);
}

describe.each(['default', 'http-proxy-middleware'])('behind %s', forwarder => {
  describe.each([false, true])('with TLS: %s', tls => {
    let backend: RawBackend;
    let gateway: InProcessGateway;
    /** Access lines of tunnels before. */
    let before = 0;

    beforeAll(async () => {
      backend = await startUpgradeBackend();
      gateway = tls
        ? await secureGatewayTo([backend], { upstream: { forwarder } })
        : await gatewayTo([backend], { forwarder });
    });

    const open = async (): Promise<TunnelScene> => {
      before = await accessLines(gateway);
      return { gateway, backend, ...(await anotherTunnel(gateway, backend, tls)) };
    };
    const lineOf = ({ gateway: of }: TunnelScene): ReturnType<typeof accessLineOf> => accessLineOf(of, before + 1);

    // Not 1011: some clients give up for good after that (graphql-ws).
    it('a backend that is killed gives its client 1012, and so when it ends', async () => {
      for (const end of ['reset', 'end'] as const) {
        const scene = await open();
        scene.server.respond(fromServer(1, 'last words'));
        await scene.client.until('last words');
        scene.server[end]();
        expect(await closeCodeOf(() => clientGot(scene))).toBe(1012);
        expect(clientGot(scene)).toMatchObject({ text: 1, error: undefined });
        scene.client.send(clientClose(1012));
        expect(await scene.client.closed()).toBe('end');
        await expectOver(scene);
        expect(await lineOf(scene)).toMatchObject({ closedBy: 'backend', closeCode: 1006 });
      }
    });

    it('a backend that ends in the middle of a frame leaves its client without a Close, and without a connection', async () => {
      for (const end of ['reset', 'end'] as const) {
        const scene = await open();
        const half = fromServer(2, 'x'.repeat(1000)).subarray(0, 500);
        scene.server.respond(half);
        await eventually(() => expect(scene.client.rest).toHaveLength(500));
        scene.server[end]();
        await scene.client.closed();
        expect(scene.client.rest.equals(half)).toBe(true);
        await expectOver(scene);
      }
    });

    it('when a client goes without a Close frame, its backend gets 1001', async () => {
      for (const leave of ['close', 'half', 'reset'] as const) {
        if (tls && leave === 'reset') continue;
        const scene = await open();
        scene.client.send(fromClient(1, 'last words'));
        await eventually(() => expect(serverGot(scene).text).toBe(1));
        scene.client[leave]();
        expect(await closeCodeOf(() => serverGot(scene))).toBe(1001);
        expect(serverGot(scene).error).toBeUndefined();
        scene.server.respond(serverClose(1001));
        await leftBehind(scene);
        await expectOver(scene);
        expect(await lineOf(scene)).toMatchObject({ closedBy: 'client', closeCode: 1006 });
      }
    });

    it('a client that goes in the middle of a frame leaves its backend without a connection', async () => {
      const scene = await open();
      const half = fromClient(2, 'x'.repeat(1000)).subarray(0, 500);
      scene.client.send(half);
      await eventually(() => expect(behindHead(scene.server)).toHaveLength(500));
      scene.client.close();
      await leftBehind(scene);
      expect(behindHead(scene.server).equals(half)).toBe(true);
      await expectOver(scene);
    });

    it('a client that ends its side still gets what the backend says until its Close', async () => {
      const scene = await open();
      scene.client.half();
      expect(await closeCodeOf(() => serverGot(scene))).toBe(1001);
      scene.server.respond(Buffer.concat([fromServer(1, 'still '), fromServer(1, 'here'), serverClose(1001)]));
      await scene.client.closed();
      expect(clientGot(scene)).toMatchObject({ text: 2, close: { code: 1001 } });
      await expectOver(scene);
    });
  });

  it('sides that never answer are cut some time after their Close frame', async () => {
    const scene = await openTunnel({ websocket: { idleTimeout: '300ms' }, upstream: { forwarder }, farewell: 700 });
    expect(await closeCodeOf(() => serverGot(scene))).toBe(1001);
    expect(await closeCodeOf(() => clientGot(scene))).toBe(1001);
    await scene.client.closed();
    await leftBehind(scene);
    await expectAtRest(scene.gateway);
    const line = await accessLineOf(scene.gateway);
    expect(line).toMatchObject({ closedBy: 'gateway', closeCode: 1001 });
    expect((line.ms as { total: number }).total).toBeGreaterThan(1_000);
  });

  it('sides that answer and keep their connection are cut as well', async () => {
    const scene = await openTunnel({ upstream: { forwarder }, farewell: 700 });
    scene.client.send(clientClose(1000));
    await closeCodeOf(() => serverGot(scene));
    scene.server.respond(serverClose(1000));
    await scene.client.closed();
    await leftBehind(scene);
    await expectAtRest(scene.gateway);
  });
});

describe('a raw tunnel', () => {
  const foo = handshake({ Upgrade: 'foo', 'Sec-WebSocket-Key': undefined });

  async function gatewayOf(websocket: object): Promise<Pick<TunnelScene, 'backend' | 'gateway'>> {
    const backend = await startUpgradeBackend();
    return { backend, gateway: await gatewayTo([backend], {}, { websocket: { upgrades: 'any', ...websocket } }) };
  }

  async function open({
    backend,
    gateway,
  }: Pick<TunnelScene, 'backend' | 'gateway'>): Promise<Pick<TunnelScene, 'client' | 'server'>> {
    const number = backend.connections.length + 1;
    const client = await upgraded(gateway.port, foo);
    return { client, server: await backend.connection(number) };
  }

  it('whose client has ended its side and then goes does not go on for ever', async () => {
    const { client, server } = await open(await gatewayOf({}));
    client.half();
    await eventually(() => expect(server.socket.readableEnded).toBe(true));
    // A server that goes on sending and ignores the Close frame.
    const talk = setInterval(() => server.socket.writable && server.respond('on and on'), 5);
    server.socket.once('close', () => clearInterval(talk));
    await client.until('on and on');
    client.reset();
    await server.closed;
    clearInterval(talk);
  });

  it('whose backend has ended its side and then goes does not go on for ever', async () => {
    const { client, server } = await open(await gatewayOf({}));
    server.end('bye');
    await client.until('bye');
    const talk = setInterval(() => client.socket.writable && client.send('on and on'), 5);
    client.socket.once('close', () => clearInterval(talk));
    await server.until('on and on');
    server.reset();
    await client.closed();
    clearInterval(talk);
  });

  it('that is idle is ended, and while bytes move it is not', async () => {
    const setup = await gatewayOf({ idleTimeout: '500ms' });
    const { client, server } = await open(setup);
    const talk = setInterval(() => server.respond('x'), 50);
    const silent = await open(setup);
    expect(await silent.client.closed()).toBe('end');
    server.respond('still here');
    await client.until('still here');
    expect(client.state).toBe('open');
    clearInterval(talk);
    expect(await client.closed()).toBe('end');
    for (const each of [silent, { client, server }]) {
      each.client.close();
      each.server.end();
    }
    await eventually(async () => expect(await setup.gateway.metric('gatehouse_tunnels_open')).toBe(0));
  });
});
