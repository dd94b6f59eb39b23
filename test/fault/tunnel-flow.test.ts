import { beforeAll, describe, expect, it } from 'vitest';
import { frameBytes } from '../support/frame-bytes.js';
import { eventually } from '../support/poll.js';
import { behindHead } from '../support/upgrade-scene.js';
import {
  anotherTunnel,
  clientGot,
  closeCodeOf,
  fromClient,
  fromServer,
  noise,
  openTunnel,
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

const bothWays = [
  ['in many fragments', [1_000, 2_000, 3_000, 4_000, 5_000, 70_000]],
  ['in one slow frame', [66_000]],
  ['in empty frames', [0, 0, 0, 1, 0]],
] as const;

describe.each(['default', 'http-proxy-middleware'])('Pings of the gateway behind %s', forwarder => {
  let silent: TunnelScene;

  beforeAll(async () => {
    silent = await openTunnel({ websocket: { pingInterval: '100ms' }, upstream: { forwarder } });
  });

  /** One timer pings all tunnels: when one that carries nothing has got its Ping, another has got its own, or it waits there. */
  async function pinged(): Promise<void> {
    const before = clientGot(silent).pings.length;
    await eventually(() => clientGot(silent).pings.length > before);
  }

  it.each(bothWays)('stand between the frames of a large message that comes %s, never inside one', async (_, sizes) => {
    const { client, server } = await anotherTunnel(silent.gateway, silent.backend);
    const scene = { client, server };
    const frames = (key?: Buffer): Buffer[] => [
      ...sizes.map((size, at) => frameBytes({ opcode: at === 0 ? 2 : 0, final: false, payload: noise(size), key })),
      frameBytes({ opcode: 0, payload: Buffer.from('end'), key }),
    ];
    /** Where a side stops until it is pinged: within a header, within a payload, between two frames, and near the end. */
    const pieces = (all: readonly Buffer[]): Buffer[] => {
      const bytes = Buffer.concat(all);
      const stops = [1, Math.floor(bytes.length / 3), bytes.length - all.at(-1)!.length, bytes.length - 1];
      return [0, ...stops].map((from, index) => bytes.subarray(from, stops[index]));
    };
    const [up, down] = [pieces(frames(Buffer.from([5, 6, 7, 8]))), pieces(frames())];
    for (const [index, piece] of up.entries()) {
      client.send(piece);
      server.respond(down[index]!);
      await pinged();
    }
    await eventually(() => {
      const [toServer, toClient] = [withoutPings(behindHead(server), true), withoutPings(client.rest, false)];
      expect(toServer.rest.equals(Buffer.concat(up))).toBe(true);
      expect(toClient.rest.equals(Buffer.concat(down))).toBe(true);
      expect(toServer.pings).toBeGreaterThan(0);
      expect(toClient.pings).toBeGreaterThan(0);
    });
    expect(serverGot(scene)).toMatchObject({ binary: 1, error: undefined });
    expect(clientGot(scene)).toMatchObject({ binary: 1, error: undefined });
  });
});

describe('idleTimeout', () => {
  let first: TunnelScene;

  beforeAll(async () => {
    first = await openTunnel({ websocket: { idleTimeout: '500ms' } });
  });

  it.each([
    ['messages of the client', (scene: Ends) => scene.client.send(fromClient(1, 'x'))],
    ['messages of the server', (scene: Ends) => scene.server.respond(fromServer(1, 'x'))],
    ['Pongs of the client', (scene: Ends) => scene.client.send(fromClient(10))],
    ['Pings of the server', (scene: Ends) => scene.server.respond(fromServer(9))],
  ])('does not close while %s come, and closes with 1001 when they stop', async (_, send) => {
    const scene = await anotherTunnel(first.gateway, first.backend);
    const talk = setInterval(() => send(scene), 50);
    const silent = await anotherTunnel(first.gateway, first.backend);
    expect(await closeCodeOf(() => clientGot(silent))).toBe(1001);
    scene.client.send(fromClient(2, 'still here'));
    await eventually(() => expect(serverGot(scene).binary).toBe(1));
    clearInterval(talk);
    expect(clientGot(scene).close).toBeUndefined();
    expect(await closeCodeOf(() => clientGot(scene))).toBe(1001);
    expect(await closeCodeOf(() => serverGot(scene))).toBe(1001);
    expect(clientGot(scene).close?.reason).toBe('idle');
  });
});

type Ends = Pick<TunnelScene, 'client' | 'server'>;
