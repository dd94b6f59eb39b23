import { Readable } from 'node:stream';
import type { RawHeaders } from '../../http/raw-headers.js';
import type { GatewayError } from '../../http/gateway-error.js';
import type { ClientBody } from './client-body.js';

/** Why a request body ended before its end, in the shape that streams want. */
export class RequestBodyError extends Error {
  constructor(readonly gatewayError: GatewayError) {
    super(gatewayError.detail);
  }
}

/**
 * A client's body on its way to one backend, for one attempt. A stream of its own, since whoever carries it may destroy
 * it, and destroying an `IncomingMessage` closes the client's connection.
 */
export class RequestBody extends Readable {
  constructor(private readonly client: ClientBody) {
    // One piece at a time: what waits is joined in the client's body, and would not be here.
    super({ highWaterMark: 1 });
    // Without a listener an error would end the process; whoever carries the body has its own.
    this.on('error', () => {});
  }

  /** The length that the client declared; undefined for chunked bodies. */
  get length(): string | undefined {
    return this.client.length;
  }

  /** The trailer fields after a chunked body; complete once the stream has ended. */
  get trailers(): RawHeaders {
    return this.client.trailers;
  }

  override _read(): void {
    this.client.readBy(this);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.client.leftBy(this);
    callback(error);
  }
}
