/**
 * What reading one WebSocket frame costs: `node bench/frame-observer.ts`, after `npm run build`. Streams of frames of one
 * size come in chunks of 64 KiB. Prints nanoseconds of CPU for each frame, the median of nine rounds.
 */
import { randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { projectRoot } from '#bench/machine';

type Observer = typeof import('../src/websocket/frame-observer.js');

const built = pathToFileURL(join(projectRoot, 'dist/websocket/frame-observer.js')).href;
const { FrameObserver } = (await import(built)) as Observer;

const chunkSize = 64 * 1024;
const streamSize = 256 * chunkSize;
const leastFrames = 1_000_000;
const rounds = 9;

/** A binary message in one frame, with a payload of this size. */
function frameOf(size: number, masked: boolean): Buffer {
  const mask = masked ? 128 : 0;
  const head = size < 126 ? [0x82, mask | size] : [0x82, mask | 126, size >>> 8, size & 255];
  return Buffer.concat([Buffer.from(head), randomBytes(size + (masked ? 4 : 0))]);
}

/** Whole frames, cut into chunks wherever they come to their end. */
function chunksOf(frame: Buffer): Buffer[] {
  const bytes = Buffer.alloc(Math.floor(streamSize / frame.length) * frame.length, frame);
  return Array.from({ length: Math.ceil(bytes.length / chunkSize) }, (_, index) =>
    bytes.subarray(index * chunkSize, (index + 1) * chunkSize),
  );
}

function median(chunks: readonly Buffer[], masked: boolean, frames: number): number {
  const passes = Math.ceil(leastFrames / frames);
  const figures = Array.from({ length: rounds }, () => {
    const observer = new FrameObserver({ masked, maxFrame: chunkSize });
    const start = process.cpuUsage();
    for (let pass = 0; pass < passes; pass++) for (const chunk of chunks) observer.read(chunk);
    const { user, system } = process.cpuUsage(start);
    if (observer.binary !== passes * frames || observer.fault !== undefined) throw new Error('frames were lost');
    return ((user + system) / observer.binary) * 1000;
  });
  return figures.sort((one, other) => one - other)[rounds >> 1]!;
}

for (const size of [64, 16 * 1024]) {
  for (const masked of [true, false]) {
    const frame = frameOf(size, masked);
    const chunks = chunksOf(frame);
    const took = median(chunks, masked, Math.floor(streamSize / frame.length));
    console.log(`${size} bytes, ${masked ? 'masked' : 'not masked'}: ${took.toFixed(1)} ns for each frame`);
  }
}
