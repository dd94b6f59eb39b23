import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { RawHeaders } from '../http/raw-headers.js';
import { GatewayError } from '../http/gateway-error.js';

/** Why a request body ended before its end, in the shape that streams want. */
export class RequestBodyError extends Error {
  constructor(readonly gatewayError: GatewayError) {
    super(gatewayError.detail);
  }
}

/**
 * A client's request body on its way to a backend: counts and limits its bytes. A stream of its own, since whoever
 * carries it may destroy it, and destroying an `IncomingMessage` closes the client's connection.
 */
export class RequestBody extends Readable {
  /** Body bytes that have come from the client. */
  bytes = 0;
  #attached = false;
  #copy: ((chunk: Buffer | undefined) => void) | undefined;

  /** `limit`: bytes, 0 = none; more end the stream with `BODY_TOO_LARGE`. */
  constructor(
    private readonly source: IncomingMessage,
    /** The length that the client declared; undefined for chunked bodies. */
    readonly length: string | undefined,
    private readonly limit: number,
  ) {
    super({ highWaterMark: 64 * 1024 });
    // Without a listener an error would end the process; whoever carries the body has its own.
    this.on('error', () => {});
  }

  /** Keeps a copy of up to `limit` bytes; `done` gets the whole body at its end, or nothing when it was larger or broke. */
  keepCopy(limit: number, done: (body: Buffer | undefined) => void): void {
    const chunks: Buffer[] = [];
    let open = true;
    const finish = (body: Buffer | undefined): void => {
      open = false;
      chunks.length = 0;
      done(body);
    };
    this.#copy = chunk => {
      if (!open) return;
      if (chunk === undefined) finish(this.source.complete ? Buffer.concat(chunks) : undefined);
      else if (this.bytes > limit) finish(undefined);
      else chunks.push(chunk);
    };
  }

  /** The trailer fields after a chunked body; complete once the stream has ended. */
  get trailers(): RawHeaders {
    return this.source.rawTrailers;
  }

  /** The client has sent all of it. */
  get complete(): boolean {
    return this.source.complete;
  }

  override _read(): void {
    if (this.#attached) {
      this.source.resume();
      return;
    }
    this.#attached = true;
    this.source.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose).on('error', this.#onClose);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // What still comes is read and thrown away, so that the client can finish and see its answer.
    this.source
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('close', this.#onClose)
      .off('error', this.#onClose);
    if (!this.source.destroyed) {
      this.source.on('error', () => {});
      if (this.#attached) this.source.resume();
    }
    this.#copy?.(undefined);
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.bytes += chunk.length;
    this.#copy?.(chunk);
    if (this.limit > 0 && this.bytes > this.limit) {
      this.destroy(
        new RequestBodyError(
          new GatewayError('BODY_TOO_LARGE', `The request body is larger than ${this.limit} bytes.`),
        ),
      );
    } else if (!this.push(chunk)) {
      this.source.pause();
    }
  };

  readonly #onEnd = (): void => {
    this.#copy?.(undefined);
    this.push(null);
  };

  readonly #onClose = (): void => {
    if (!this.source.complete) this.destroy(new RequestBodyError(new GatewayError('CLIENT_ABORTED')));
  };
}
