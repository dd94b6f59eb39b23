import { type ConnectOptions, connectRaw, type RawClient } from './raw-client.js';
import { patience, within } from './poll.js';

/** Types of frames (RFC 9113 §6). */
export const frame = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Ids of settings (RFC 9113 §6.5.2). */
export const settingsId = { headerTableSize: 1, initialWindowSize: 4 } as const;

/** Flags of frames. */
export const flag = { none: 0, endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

/** A frame as it came. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The bytes of a frame. */
export function frameOf(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A number of 32 bits, as payload. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A header block, with each field as a literal that is not indexed (RFC 7541 §6.2.2), also when its content is invalid. */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** The pseudo-header fields of an ordinary request, with changes: `undefined` leaves one out. */
export function requestFields(
  changes: Readonly<Record<string, string | undefined>> = {},
): [name: string, value: string][] {
  const usual = { ':method': 'GET', ':scheme': 'https', ':authority': 'localhost', ':path': '/' };
  return Object.entries({ ...usual, ...changes }).filter((field): field is [string, string] => field[1] !== undefined);
}

/** A length with a prefix of seven bits, and the bytes themselves. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  const length: number[] = [Math.min(bytes.length, 127)];
  if (bytes.length >= 127) {
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** A client that sends the frames that a test wants, and keeps those that come. */
export class FrameClient {
  readonly frames: Frame[] = [];
  #used = 0;

  constructor(readonly raw: RawClient) {}

  /** Sends a frame. */
  send(type: number, flags: number, stream: number, payload?: Uint8Array): void {
    this.raw.send(frameOf(type, flags, stream, payload));
  }

  /** Sends the head of a request; with its end, unless `endStream` is false. */
  head(stream: number, fields: readonly (readonly [string, string])[] = requestFields(), endStream = true): void {
    this.send(frame.headers, flag.endHeaders | (endStream ? flag.endStream : 0), stream, headerBlock(fields));
  }

  /** The first frame that matches, awaited if need be. @throws Error when the connection ends first, or after `deadline` ms. */
  async frame(matches: (frame: Frame) => boolean, deadline = patience): Promise<Frame> {
    const find = async (): Promise<Frame> => {
      for (;;) {
        this.#parse();
        const found = this.frames.find(matches);
        if (found !== undefined) return found;
        if (this.raw.state !== 'open') throw new Error(`no such frame among ${JSON.stringify(this.frames)}`);
        await new Promise(resolve => setImmediate(resolve));
      }
    };
    return within(find(), deadline, 'the frame');
  }

  /** The code of the RST_STREAM or, where the connection ends, of the GOAWAY that answers what was sent on a stream. */
  async refusal(stream: number): Promise<{ readonly scope: 'stream' | 'connection'; readonly code: number }> {
    const found = await this.frame(
      ({ type, stream: id, payload }) =>
        (type === frame.reset && id === stream) || (type === frame.goaway && payload.readUInt32BE(4) !== 0),
    );
    return found.type === frame.reset
      ? { scope: 'stream', code: found.payload.readUInt32BE(0) }
      : { scope: 'connection', code: found.payload.readUInt32BE(4) };
  }

  /** Waits for the end of a response and gives its status; reads only a status from HPACK's static table or a literal. */
  async status(stream: number): Promise<number> {
    const { payload } = await this.frame(({ type, stream: id }) => type === frame.headers && id === stream);
    return statusOf(payload);
  }

  /** The body of a response so far. */
  bodyOf(stream: number): Buffer {
    this.#parse();
    return Buffer.concat(
      this.frames.filter(({ type, stream: id }) => type === frame.data && id === stream).map(({ payload }) => payload),
    );
  }

  #parse(): void {
    const { received } = this.raw;
    while (received.length >= this.#used + 9) {
      const length = received.readUIntBE(this.#used, 3);
      const end = this.#used + 9 + length;
      if (received.length < end) return;
      this.frames.push({
        type: received.readUInt8(this.#used + 3),
        flags: received.readUInt8(this.#used + 4),
        stream: received.readUInt32BE(this.#used + 5),
        payload: received.subarray(this.#used + 9, end),
      });
      this.#used = end;
    }
  }
}

const staticStatuses = [200, 204, 206, 304, 400, 404, 500];

/** The `:status`, which is the first field of a response's block. */
function statusOf(block: Buffer): number {
  let at = 0;
  // A change of the dynamic table's size may stand before it.
  while ((block.readUInt8(at) & 0xe0) === 0x20) at += (block.readUInt8(at) & 0x1f) === 0x1f ? 3 : 1;
  const first = block.readUInt8(at);
  if (first >= 0x88 && first <= 0x8e) return staticStatuses[first - 0x88]!;
  const length = block.readUInt8(at + 1);
  const value = block.subarray(at + 2, at + 2 + (length & 0x7f));
  return Number((length & 0x80) === 0 ? value.toString('latin1') : digits(value));
}

/** Digits in HPACK's Huffman code (RFC 7541, appendix B): 0 to 2 have five bits, the others six. */
function digits(bytes: Buffer): string {
  const bits = [...bytes].map(byte => byte.toString(2).padStart(8, '0')).join('');
  let found = '';
  for (let at = 0; found.length < 3;) {
    const five = Number.parseInt(bits.slice(at, at + 5), 2);
    if (five <= 2) {
      found += five;
      at += 5;
    } else {
      found += Number.parseInt(bits.slice(at, at + 6), 2) - 0x19 + 3;
      at += 6;
    }
  }
  return found;
}

/** What a client sends first. */
export const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/**
 * Opens a connection to 127.0.0.1 and sends the preface with `settings` (id and value by turns). Over TLS, on which it agrees on HTTP/2; where `cleartext` is true, with prior
 * knowledge.
 */
export async function connectFrames(
  port: number,
  {
    cleartext = false,
    settings = [],
    ...options
  }: ConnectOptions & { readonly cleartext?: boolean; readonly settings?: readonly number[] } = {},
): Promise<FrameClient> {
  const tls = { rejectUnauthorized: false, ALPNProtocols: ['h2'] };
  return introduced(await connectRaw(port, { ...(!cleartext && { tls }), ...options }), settings);
}

/** Sends the preface with `settings` on a connection, and waits for those of the server. */
export async function introduced(raw: RawClient, settings: readonly number[] = []): Promise<FrameClient> {
  const client = new FrameClient(raw);
  raw.send(preface);
  // Without a dynamic table a status can be read from its own frame.
  const all = [settingsId.headerTableSize, 0, ...settings];
  const payload = Buffer.alloc(all.length * 3);
  for (let i = 0; i < all.length; i += 2) {
    payload.writeUInt16BE(all[i]!, i * 3);
    payload.writeUInt32BE(all[i + 1]!, i * 3 + 2);
  }
  client.send(frame.settings, flag.none, 0, payload);
  await client.frame(({ type, flags }) => type === frame.settings && flags === 0);
  client.send(frame.settings, flag.ack, 0);
  return client;
}
