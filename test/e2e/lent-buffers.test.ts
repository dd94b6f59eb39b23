import { setImmediate as turn } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BackendHandler, type TestBackend, startBackend } from '../support/backend.js';
import { keepAliveAgent, open, request } from '../support/client.js';
import { connectHttp2 } from '../support/http2-client.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { secureGatewayTo } from '../support/secure-scene.js';

const kibibyte = 1024;
const sizes = [20, 40, 90, 300, 1_500].map(size => size * kibibyte + 7);

/** A body in which each place says what body it is of, and where it stands in it. */
function bodyOf(seed: number, length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let at = 0; at < words.length; at++) words[at] = (seed << 20) ^ at;
  return Buffer.from(words.buffer, 0, length);
}

const pathOf = (seed: number, framing: 'chunked' | 'length'): string => `/${framing}/${seed}`;
/** More than the system keeps of a body between a server and a client that does not read. */
const huge = 16 * 1024 * kibibyte;
const firstHuge = 1_000;
const expected = (seed: number): Buffer => bodyOf(seed, seed >= firstHuge ? huge : sizes[seed % sizes.length]!);

const serve: BackendHandler = ({ url }, response) => {
  const [, framing, seed] = url!.split('/');
  const body = expected(Number(seed));
  if (framing === 'length') response.setHeader('content-length', body.length);
  response.flushHeaders();
  response.end(body);
};

/** Reads a piece of a body in so many turns of the event loop, so that much of it waits on the way. */
async function slowly(body: Readable, turnsOfPiece = 20): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of body) {
    pieces.push(piece as Buffer);
    for (let turns = 0; turns < turnsOfPiece; turns++) await turn();
  }
  return Buffer.concat(pieces);
}

describe('bodies that pass at the same time', () => {
  let backend: TestBackend;
  let plain: InProcessGateway;
  let secure: InProcessGateway;

  beforeAll(async () => {
    backend = await startBackend(serve);
    plain = await startInProcess({ upstreams: { app: { backends: [backend.url] } } });
    secure = await secureGatewayTo([backend]);
  });

  const seeds = Array.from({ length: 40 }, (_, seed) => seed);

  it.each(['length', 'chunked'] as const)('each reach their own client whole, fast or slow: %s', async framing => {
    const agent = keepAliveAgent(8);
    const received = seeds.map(async seed => {
      const path = pathOf(seed, framing);
      if (seed % 3 === 0) return slowly((await open(plain.port, { path })).response);
      return (await request(plain.port, { path, agent })).body;
    });
    for (const [seed, body] of (await Promise.all(received)).entries()) {
      expect([seed, body.equals(expected(seed))]).toEqual([seed, true]);
    }
  });

  it('are whole also where the last of them waits for its client while the connection carries others', async () => {
    // As many of them as may be slow for as long as they like, and more others than find a place.
    const connections = { max: 6, queueTimeout: '60s' };
    const few = await startInProcess({ upstreams: { app: { backends: [backend.url], connections } } });
    const late = await Promise.all(
      [0, 1, 2].map(async more => (await open(few.port, { path: pathOf(firstHuge + more, 'length') })).response),
    );
    let isOver = false;
    const bodies = Promise.all(late.map(body => slowly(body, 2))).finally(() => (isOver = true));
    let carried = 0;
    const others = Array.from({ length: 8 }, async (_, worker) => {
      for (let seed = 5 * worker; !isOver; seed = (seed + 5) % firstHuge) {
        const { body } = await request(few.port, { path: pathOf(seed, 'length') });
        expect([seed, body.equals(expected(seed))]).toEqual([seed, true]);
        carried++;
      }
    });
    await Promise.all(others);
    for (const [more, body] of (await bodies).entries()) expect(body.equals(expected(firstHuge + more))).toBe(true);
    expect(carried).toBeGreaterThan(30);
  });

  it('are whole also where others are broken off by their clients', async () => {
    for (let round = 0; round < 3; round++) {
      const received = seeds.map(async seed => {
        const { response } = await open(plain.port, { path: pathOf(seed, 'length') });
        if (seed % 2 === 0) return slowly(response);
        response.once('data', () => response.destroy());
        return undefined;
      });
      for (const [seed, body] of (await Promise.all(received)).entries()) {
        if (body !== undefined) expect([seed, body.equals(expected(seed))]).toEqual([seed, true]);
      }
    }
  });

  it('are whole over HTTP/2, and over HTTP/1.1 with TLS', async () => {
    const client = await connectHttp2(secure.port);
    const ca = { rejectUnauthorized: false };
    const received = seeds.map(async seed => {
      const path = pathOf(seed, 'length');
      if (seed % 4 === 0) return slowly((await open(secure.port, { path, tls: ca })).response);
      if (seed % 4 === 1) return slowly(client.open({ ':path': path }, true));
      return (await client.request({ headers: { ':path': path } })).body;
    });
    for (const [seed, body] of (await Promise.all(received)).entries()) {
      expect([seed, body.equals(expected(seed))]).toEqual([seed, true]);
    }
  });
});
