import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setInterval as every } from 'node:timers/promises';
import { expect } from 'vitest';
import { figure } from '../support/figure.js';

const blockSize = 1024 * 1024;

/**
 * A large body made on the fly: random blocks of 1 MiB, each with its own number at its start, so that a block that is lost,
 * doubled or out of place shows in the hash.
 */
export class BulkData implements AsyncIterable<Buffer> {
  readonly #hash = createHash('sha256');
  readonly #pattern = randomBytes(blockSize);

  constructor(
    /** Bytes in all; a multiple of 1 MiB. */
    readonly length: number,
  ) {}

  /** SHA-256, in hex, of what has been read so far. */
  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (let block = 0; block < this.length / blockSize; block++) {
      // A copy each time: the receiver's side of this process may still hold the last one.
      const chunk = Buffer.from(this.#pattern);
      chunk.writeUInt32LE(block);
      this.#hash.update(chunk);
      yield chunk;
    }
  }
}

/** Reads a body to its end: how many bytes, and their SHA-256 in hex. */
export async function digest(body: AsyncIterable<Buffer>): Promise<{ length: number; sha256: string }> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    length += chunk.length;
  }
  return { length, sha256: hash.digest('hex') };
}

/** Resident memory of a process now, in MiB (Linux). */
export function residentMemory(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} has no resident memory`);
  return Number(kilobytes) / 1024;
}

/** By how many MiB a process grows above its present level while `work` runs. */
export async function growthDuring(pid: number, work: () => Promise<unknown>): Promise<number> {
  const before = residentMemory(pid);
  let peak = before;
  const done = new AbortController();
  const watching = (async () => {
    for await (const _ of every(20, undefined, { signal: done.signal })) peak = Math.max(peak, residentMemory(pid));
  })().catch(() => undefined);
  try {
    await work();
  } finally {
    done.abort();
    await watching;
  }
  const growth = Math.max(peak, residentMemory(pid)) - before;
  figure(`${expect.getState().currentTestName}: the gateway grew by ${growth.toFixed(0)} MiB`);
  return growth;
}
