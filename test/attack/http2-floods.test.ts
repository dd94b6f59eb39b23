import { constants } from 'node:http2';
import { beforeAll, describe, expect, it } from 'vitest';
import { type TestBackend, answer, startBackend } from '../support/backend.js';
import {
  connectFrames,
  flag,
  frame,
  type FrameClient,
  frameOf,
  headerBlock,
  requestFields,
  uint32,
} from '../support/http2-frames.js';
import type { InProcessGateway } from '../support/in-process.js';
import { expectAtRest } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { scaled } from '../support/scale.js';

const { NGHTTP2_ENHANCE_YOUR_CALM } = constants;

describe('a client that floods its HTTP/2 connection', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;
  let client: FrameClient;

  beforeAll(async () => {
    backend = await startBackend(answer(200, 'ok'));
    gateway = await secureGatewayTo([backend]);
  });

  /** Sends what `make` gives, again and again, until the connection ends or `most` were sent. Gives how many were. */
  async function flood(make: (number: number) => Buffer, most: number): Promise<number> {
    client = await connectFrames(gateway.port);
    let sent = 0;
    while (sent < most && client.raw.state === 'open') {
      const batch: Buffer[] = [];
      for (let i = 0; i < 100; i++) batch.push(make(sent++));
      client.raw.send(Buffer.concat(batch));
      await new Promise(resolve => setImmediate(resolve));
    }
    return sent;
  }

  /** The connection has ended, and others are served. */
  async function expectEnd(): Promise<void> {
    await client.raw.closed();
    const other = await connectFrames(gateway.port);
    other.head(1);
    expect(await other.status(1)).toBe(200);
    await expectAtRest(gateway);
  }

  it.each<[what: string, make: (number: number) => Buffer]>([
    ['PING', () => frameOf(frame.ping, flag.none, 0, Buffer.alloc(8))],
    ['SETTINGS', () => frameOf(frame.settings, flag.none, 0)],
    [
      'SETTINGS with changes',
      n => frameOf(frame.settings, flag.none, 0, Buffer.concat([Buffer.from([0, 4]), uint32(n)])),
    ],
    [
      'CONTINUATION',
      n =>
        n === 0
          ? frameOf(frame.headers, flag.none, 1, headerBlock(requestFields()))
          : frameOf(frame.continuation, flag.none, 1),
    ],
    [
      'header fields that do not end',
      n =>
        n === 0
          ? frameOf(frame.headers, flag.none, 1, headerBlock(requestFields()))
          : frameOf(frame.continuation, flag.none, 1, headerBlock([[`x-${n}`, 'a'.repeat(8_000)]])),
    ],
    [
      'streams that are reset at once',
      n =>
        Buffer.concat([
          frameOf(frame.headers, flag.endHeaders | flag.endStream, 2 * n + 1, headerBlock(requestFields())),
          frameOf(frame.reset, flag.none, 2 * n + 1, uint32(constants.NGHTTP2_CANCEL)),
        ]),
    ],
    [
      'streams that the gateway has to reset',
      n =>
        Buffer.concat([
          frameOf(frame.headers, flag.endHeaders, 2 * n + 1, headerBlock(requestFields({ ':method': 'POST' }))),
          frameOf(frame.windowUpdate, flag.none, 2 * n + 1, uint32(0)),
        ]),
    ],
    [
      'heads that are malformed',
      n => frameOf(frame.headers, flag.endHeaders | flag.endStream, 2 * n + 1, headerBlock([[':method', 'GET']])),
    ],
    [
      'DATA frames that are empty',
      n =>
        n === 0
          ? frameOf(frame.headers, flag.endHeaders, 1, headerBlock(requestFields({ ':method': 'POST' })))
          : frameOf(frame.data, flag.none, 1),
    ],
    [
      'more streams than are allowed',
      n => frameOf(frame.headers, flag.endHeaders, 2 * n + 1, headerBlock(requestFields({ ':method': 'POST' }))),
    ],
  ])('with %s is cut off', async (_what, make) => {
    expect(await flood(make, 20_000)).toBeLessThan(20_000);
    await expectEnd();
  });

  it('may reset as many streams as a browser does that leaves a page', async () => {
    client = await connectFrames(gateway.port);
    for (let id = 1; id < 400; id += 2) {
      client.head(id);
      client.send(frame.reset, flag.none, id, uint32(constants.NGHTTP2_CANCEL));
    }
    client.head(401);
    expect(await client.status(401)).toBe(200);
    await expectAtRest(gateway);
  });

  it('gets its head refused, and no answer, when that is far too large', async () => {
    client = await connectFrames(gateway.port);
    const block = headerBlock([
      ...requestFields(),
      ...Array.from({ length: 9 }, (_, i): [string, string] => [`x-${i}`, 'a'.repeat(12_000)]),
    ]);
    client.send(frame.headers, flag.endStream, 1, block.subarray(0, 16_000));
    for (let at = 16_000; at < block.length; at += 16_000)
      client.send(
        frame.continuation,
        at + 16_000 < block.length ? flag.none : flag.endHeaders,
        1,
        block.subarray(at, at + 16_000),
      );
    expect(await client.refusal(1)).toEqual({ scope: 'stream', code: NGHTTP2_ENHANCE_YOUR_CALM });
  });

  it('sends frames of any kind, in any order: the gateway lives, and holds nothing of it', async () => {
    const random = seeded(42);
    const any = (most: number): number => Math.floor(random() * most);
    for (let round = 0; round < scaled(60, 300); round++) {
      client = await connectFrames(gateway.port);
      const frames: Buffer[] = [];
      for (let i = any(30); i >= 0; i--) {
        const fields = requestFields({
          ':method': any(2) === 0 ? 'POST' : 'GET',
          ...(any(3) === 0 && { te: 'trailers' }),
        });
        const payload =
          any(2) === 0 ? headerBlock(fields) : Buffer.from(Array.from({ length: any(40) }, () => any(256)));
        frames.push(frameOf(any(11), any(2) === 0 ? any(256) : flag.endHeaders, any(4) === 0 ? 0 : any(12), payload));
      }
      const bytes = Buffer.concat(frames);
      client.raw.send(bytes.subarray(0, any(3) === 0 ? any(bytes.length) : bytes.length));
      if (any(2) === 0) await client.raw.closed(50).catch(() => undefined);
      client.raw.close();
    }
    client = await connectFrames(gateway.port);
    client.head(1);
    expect(await client.status(1)).toBe(200);
    await expectAtRest(gateway);
  });
});

/** The same numbers in each run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
