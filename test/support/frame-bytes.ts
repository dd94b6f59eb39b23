import { Writable } from 'node:stream';
import * as ws from 'ws';

/** One WebSocket frame to be written down; what is left out is that of a whole, unmasked frame. */
export interface FrameSpec {
  readonly opcode: number;
  readonly payload?: Buffer;
  readonly final?: boolean;
  /** Four bytes; without it the frame is not masked. */
  readonly key?: Buffer | undefined;
  /** Three bits. */
  readonly rsv?: number;
}

/** The first bytes of a frame: opcode byte, then the length as it is told to be written. */
export function frameHead(first: number, masked: boolean, length: number, size: 7 | 16 | 64 = 7): Buffer {
  const mask = masked ? 128 : 0;
  if (size === 7) return Buffer.from([first, mask | length]);
  if (size === 16) return Buffer.from([first, mask | 126, length >>> 8, length & 255]);
  const head = Buffer.from([first, mask | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

/** The bytes of a frame (RFC 6455 §5.2), its length in the shortest form. */
export function frameBytes({ opcode, payload = Buffer.alloc(0), final = true, key, rsv = 0 }: FrameSpec): Buffer {
  const size = payload.length < 126 ? 7 : payload.length < 65_536 ? 16 : 64;
  const head = frameHead((final ? 128 : 0) | (rsv << 4) | opcode, key !== undefined, payload.length, size);
  if (key === undefined) return Buffer.concat([head, payload]);
  const masked = Buffer.allocUnsafe(payload.length);
  for (let at = 0; at < payload.length; at++) masked[at] = payload[at]! ^ key[at & 3]!;
  return Buffer.concat([head, key, masked]);
}

/** Payload of a Close frame. */
export function closePayload(code: number, reason = ''): Buffer {
  return Buffer.concat([Buffer.from([code >>> 8, code & 255]), Buffer.from(reason)]);
}

/** What the receiver of the `ws` package found in a stream. */
export interface Received {
  text: number;
  binary: number;
  pings: Buffer[];
  pongs: number;
  close: { readonly code: number; readonly reason: string } | undefined;
  error: Error | undefined;
}

/** The types of the package do not have it, the package does. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable };

/** What the `ws` package makes of a stream from its start. `masked`: as a server, that is of a client's bytes. */
export function receive(bytes: Buffer, masked: boolean): Received {
  const received: Received = { text: 0, binary: 0, pings: [], pongs: 0, close: undefined, error: undefined };
  const receiver = new Receiver({ isServer: masked });
  receiver.on('message', (_data: Buffer, isBinary: boolean) => {
    if (isBinary) received.binary++;
    else received.text++;
  });
  receiver.on('ping', (payload: Buffer) => received.pings.push(payload));
  receiver.on('pong', () => received.pongs++);
  receiver.on('conclude', (code: number, reason: Buffer) => {
    received.close = { code, reason: reason.toString() };
  });
  receiver.on('error', () => undefined);
  // It unmasks in place.
  receiver.write(Buffer.from(bytes));
  received.error = receiver.errored ?? undefined;
  return received;
}
