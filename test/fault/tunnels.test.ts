import { beforeAll, describe, expect, it } from 'vitest';
import { frameBytes, frameHead } from '../support/frame-bytes.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, accessLines, expectAtRest } from '../support/scene.js';
import { behindHead } from '../support/upgrade-scene.js';
import {
  anotherTunnel,
  clientClose,
  clientGot,
  closeCodeOf,
  fromClient,
  fromServer,
  openTunnel,
  sendInPieces,
  serverClose,
  serverGot,
  type TunnelScene,
} from '../support/tunnel-scene.js';

const key = Buffer.from([9, 8, 7, 6]);
const splits = {
  'at once': [],
  'byte by byte': Array<number>(64).fill(1),
  'within its header': [1],
  'behind two': [2],
};

describe.each([false, true])('with TLS: %s', tls => {
  let first: TunnelScene;
  /** Access lines of tunnels before. */
  let before = 0;

  beforeAll(async () => {
    first = await openTunnel({ tls, websocket: { maxFrame: '1000b' } });
    first.client.close();
    first.server.end(serverClose(1001));
    await expectAtRest(first.gateway);
  });

  async function open(): Promise<TunnelScene> {
    const { gateway, backend } = first;
    before = await accessLines(gateway);
    return { gateway, backend, ...(await anotherTunnel(gateway, backend, tls)) };
  }

  describe.each(Object.keys(splits) as (keyof typeof splits)[])('a frame that breaks the rules, sent %s', how => {
    it.each([
      ['is not masked', frameBytes({ opcode: 1, payload: Buffer.from('hello') }), 1002],
      ['is longer than maxFrame', Buffer.concat([frameHead(0x82, true, 1001, 16), key]), 1009],
      ['claims a gigabyte', Buffer.concat([frameHead(0x82, true, 2 ** 30, 64), key]), 1009],
      ['continues nothing', frameBytes({ opcode: 0, key }), 1002],
      ['is a fragmented Ping', frameBytes({ opcode: 9, final: false, key }), 1002],
    ])('of a client that %s closes both sides', async (_, bad, code) => {
      const scene = await open();
      const good = fromClient(1, 'good');
      await sendInPieces(scene.client.socket, Buffer.concat([good, bad, fromClient(1, 'never')]), [
        ...(how === 'byte by byte' ? [] : [good.length]),
        ...splits[how],
      ]);
      expect(await closeCodeOf(() => serverGot(scene))).toBe(code);
      expect(await closeCodeOf(() => clientGot(scene))).toBe(code);
      expect(serverGot(scene)).toMatchObject({ text: 1, error: undefined });
      scene.client.close();
      scene.server.end(serverClose(code));
      await expectAtRest(scene.gateway);
      expect(await accessLineOf(scene.gateway, before + 1)).toMatchObject({
        closeCode: code,
        closedBy: 'gateway',
        messagesIn: 1,
      });
    });

    it.each([
      ['is masked', frameBytes({ opcode: 1, payload: Buffer.from('hello'), key }), 1002],
      ['is longer than maxFrame', frameHead(0x82, false, 1001, 16), 1009],
      ['begins within another', Buffer.concat([fromServer(1, 'a', false), fromServer(1, 'b')]), 1002],
    ])('of a server that %s closes both sides', async (_, bad, code) => {
      const scene = await open();
      const good = fromServer(1, 'good');
      await sendInPieces(scene.server.socket, Buffer.concat([good, bad, fromServer(1, 'never')]), [
        ...(how === 'byte by byte' ? [] : [good.length]),
        ...splits[how],
      ]);
      expect(await closeCodeOf(() => serverGot(scene))).toBe(code);
      expect(await closeCodeOf(() => clientGot(scene))).toBe(code);
      expect(clientGot(scene)).toMatchObject({ text: 1, error: undefined });
      scene.server.reset();
      scene.client.send(clientClose(code));
      scene.client.half();
      await expectAtRest(scene.gateway);
    });
  });

  it('a side that breaks the rules is let go at once, and heard no more', async () => {
    const scene = await open();
    const closes = (): Promise<number> => scene.gateway.metric('gatehouse_websocket_closes_total', { code: '1002' });
    const closed = await closes();
    scene.client.send(Buffer.concat([fromServer(1, 'not masked'), clientClose(4000), clientClose(4001)]));
    await closeCodeOf(() => serverGot(scene));
    scene.server.respond(serverClose(1002));
    // Both see the end of the tunnel without having sent anything.
    await scene.client.closed(2000);
    scene.client.close();
    scene.server.end();
    await expectAtRest(scene.gateway);
    expect(serverGot(scene).close).toMatchObject({ code: 1002 });
    expect(await closes()).toBe(closed + 1);
  });

  it('a server that breaks the rules after the gateway has said goodbye gets no second Close', async () => {
    const scene = await openTunnel({ tls, websocket: { idleTimeout: '300ms' } });
    expect(await closeCodeOf(() => serverGot(scene))).toBe(1001);
    expect(await closeCodeOf(() => clientGot(scene))).toBe(1001);
    const lengths = [scene.client.rest.length, behindHead(scene.server).length];
    scene.server.respond(frameBytes({ opcode: 1, key }));
    scene.client.send(frameBytes({ opcode: 1 }));
    await scene.client.closed();
    scene.client.close();
    scene.server.end();
    await expectAtRest(scene.gateway);
    expect([scene.client.rest.length, behindHead(scene.server).length]).toEqual(lengths);
  });

  it('reserved bits and opcodes of extensions pass as they are', async () => {
    const scene = await open();
    const both = [3, 7, 0xb, 0xf].flatMap(opcode => [0, 4, 7].map(rsv => ({ opcode, rsv, payload: Buffer.from('x') })));
    const [up, down] = [both.map(spec => frameBytes({ ...spec, key })), both.map(frameBytes)].map(list =>
      Buffer.concat(list),
    );
    scene.client.send(up!);
    scene.server.respond(down!);
    await eventually(() => expect(scene.client.rest.equals(down!)).toBe(true));
    await eventually(() => expect(behindHead(scene.server).equals(up!)).toBe(true));
    scene.client.close();
    scene.server.end(serverClose(1001));
    await expectAtRest(scene.gateway);
  });

  it('a Close frame and its answer pass in either direction, and both connections end', async () => {
    for (const closer of ['client', 'server', 'both'] as const) {
      const scene = await open();
      if (closer !== 'server') scene.client.send(clientClose(4321, 'so long'));
      if (closer !== 'client') scene.server.respond(serverClose(4321, 'so long'));
      if (closer === 'client') {
        await closeCodeOf(() => serverGot(scene));
        scene.server.respond(serverClose(4321));
      } else if (closer === 'server') {
        await closeCodeOf(() => clientGot(scene));
        scene.client.send(clientClose(4321));
      }
      // The gateway ends both, as a server does (RFC 6455 §7.1.1).
      expect(await scene.client.closed()).toBe('end');
      expect(serverGot(scene).close?.code).toBe(4321);
      expect(clientGot(scene).close?.code).toBe(4321);
      scene.client.close();
      scene.server.end();
      await expectAtRest(scene.gateway);
      const line = await accessLineOf(scene.gateway, before + 1);
      expect(line).toMatchObject({ status: 101, closeCode: 4321 });
      if (closer !== 'both') expect(line['closedBy']).toBe(closer === 'server' ? 'backend' : 'client');
    }
  });

  it('nothing that follows a Close frame passes', async () => {
    const scene = await open();
    scene.client.send(clientClose(1000));
    await closeCodeOf(() => serverGot(scene));
    const { length } = behindHead(scene.server);
    scene.client.send(fromClient(1, 'late'));
    scene.server.respond(serverClose(1000));
    await scene.client.closed();
    scene.client.close();
    scene.server.end();
    await expectAtRest(scene.gateway);
    expect(behindHead(scene.server)).toHaveLength(length);
  });
});
