import { eventually, patience } from './poll.js';
import { closePayload, frameBytes, receive, type Received } from './frame-bytes.js';
import type { InProcessGateway } from './in-process.js';
import type { RawBackend, RawConnection } from './raw-backend.js';
import type { RawClient } from './raw-client.js';
import { gatewayTo } from './scene.js';
import { secureGatewayTo } from './secure-scene.js';
import { behindHead, handshake, startUpgradeBackend, upgraded } from './upgrade-scene.js';

const key = Buffer.from([1, 2, 3, 4]);

/** A frame as a client sends it. */
export const fromClient = (opcode: number, payload: Buffer | string = '', final = true): Buffer =>
  frameBytes({ opcode, payload: Buffer.from(payload), final, key });

/** A frame as a server sends it. */
export const fromServer = (opcode: number, payload: Buffer | string = '', final = true): Buffer =>
  frameBytes({ opcode, payload: Buffer.from(payload), final });

/** A Close frame as a client sends it. */
export const clientClose = (code: number, reason = ''): Buffer => fromClient(8, closePayload(code, reason));

/** A Close frame as a server sends it. */
export const serverClose = (code: number, reason = ''): Buffer => fromServer(8, closePayload(code, reason));

/** One tunnel, both its ends in the hands of the test. */
export interface TunnelScene {
  readonly gateway: InProcessGateway;
  readonly backend: RawBackend;
  readonly client: RawClient;
  readonly server: RawConnection;
}

/** How a tunnel is made. */
export interface TunnelOptions {
  readonly websocket?: object;
  readonly upstream?: object;
  readonly limits?: object;
  /** Over TLS on the client's side. */
  readonly tls?: boolean;
  /** Milliseconds that a side has after a Close frame. Default: that of the gateway. */
  readonly farewell?: number;
}

/** Starts a gateway and opens a tunnel through it. */
export async function openTunnel(options: TunnelOptions = {}): Promise<TunnelScene> {
  const { websocket = {}, upstream = {}, limits = {}, tls = false, farewell } = options;
  const backend = await startUpgradeBackend();
  const listeners = [{ name: 'web', host: '127.0.0.1', port: 0, limits }];
  const times = farewell === undefined ? {} : { farewell };
  const gateway = tls
    ? await secureGatewayTo([backend], { upstream, limits, others: { websocket }, times })
    : await gatewayTo([backend], upstream, { websocket, listeners }, { times });
  return { gateway, backend, ...(await anotherTunnel(gateway, backend, tls)) };
}

/** Opens one more. */
export async function anotherTunnel(
  gateway: InProcessGateway,
  backend: RawBackend,
  tls = false,
): Promise<Pick<TunnelScene, 'client' | 'server'>> {
  const number = backend.connections.length + 1;
  const client = await upgraded(gateway.port, handshake(), tls ? { tls: { rejectUnauthorized: false } } : {});
  return { client, server: await backend.connection(number) };
}

/** What the client has got, read by the `ws` package. */
export const clientGot = ({ client }: Pick<TunnelScene, 'client'>): Received => receive(client.rest, false);

/** What the server has got. */
export const serverGot = ({ server }: Pick<TunnelScene, 'server'>): Received => receive(behindHead(server), true);

/** Bytes without a pattern that a frame could hide in. */
export const noise = (length: number): Buffer =>
  Buffer.from(new Uint8Array(length).map((_, at) => (at * 31 + (at >> 8)) & 255));

/** Waits until a side has got a Close frame; gives its code. @throws Error after 5 s. */
export const closeCodeOf = (got: () => Received): Promise<number> =>
  eventually(() => got().close?.code ?? false, { what: 'a Close frame' });

/** Waits until the gateway has ended its connection to the server; for one that keeps its own side open. */
export const leftBehind = ({ server: { socket } }: Pick<TunnelScene, 'server'>, deadline = patience): Promise<true> =>
  eventually(() => socket.readableEnded || socket.destroyed, { deadline, what: 'the end of the connection' });

/** Writes bytes so that each piece comes in a packet of its own. */
export async function sendInPieces(
  socket: import('node:net').Socket,
  bytes: Buffer,
  sizes: readonly number[],
): Promise<void> {
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    const piece = bytes.subarray(at, at + size);
    at += size;
    if (piece.length === 0 || !socket.writable) return;
    await new Promise<void>(resolve => socket.write(piece, () => setImmediate(resolve)));
  }
}
