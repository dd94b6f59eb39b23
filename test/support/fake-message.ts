import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** Stands in for the client's message: chunks arrive when the test says so. As in node:http its end does not destroy it at once. */
export class FakeMessage extends Readable {
  complete = false;
  readonly rawTrailers: string[] = [];
  /** All that arrived was read. */
  isEmpty(): boolean {
    return this.readableLength === 0;
  }

  constructor() {
    super({ highWaterMark: 64 * 1024, autoDestroy: false });
  }

  override _read(): void {}

  arrive(chunk: Buffer): void {
    this.push(chunk);
  }

  finish(): void {
    this.complete = true;
    this.push(null);
  }

  asMessage(): IncomingMessage {
    return this as Readable as IncomingMessage;
  }
}

/** Cuts bytes into chunks of these sizes. */
export function cut(body: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) chunks.push(body.subarray(at, (at += size)));
  return chunks;
}

/** What one attempt has read of the body. */
export class Reading {
  readonly #chunks: Buffer[] = [];
  length = 0;
  ended = false;
  error: Error | undefined;

  constructor(readonly stream: Readable) {
    stream.on('end', () => (this.ended = true));
    stream.on('error', error => (this.error = error));
  }

  take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.length += chunk.length;
  }

  /** Reads what can be had now. */
  pull(): void {
    for (let chunk = this.stream.read() as Buffer | null; chunk !== null; chunk = this.stream.read() as Buffer | null) {
      // A stream that has been flowing tells its listeners of what is read, too.
      if (this.stream.listenerCount('data') === 0) this.take(chunk);
    }
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
