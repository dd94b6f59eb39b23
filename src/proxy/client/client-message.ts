import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { RawHeaders } from '../../fields/raw-headers.js';

/**
 * Where a client's body is read: what this takes of a stream of Node's. On HTTP/2 it is a view of the stream of the request.
 * `end` is emitted only when the body is whole; a body that breaks is closed without it.
 */
export interface BodySource {
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'end' | 'close' | 'error', listener: () => void): unknown;
  /** What has come so far; null when nothing has. */
  read(): unknown;
  pause(): unknown;
  resume(): unknown;
  readonly destroyed: boolean;
  readonly readableFlowing: boolean | null;
  /** The client has sent all of it. */
  readonly complete: boolean;
  /** The fields after it, once it is complete. */
  readonly rawTrailers: RawHeaders;
}

/** A client's request as it came: its head, and the source of its body. */
export interface ClientMessage extends BodySource {
  readonly headers: IncomingHttpHeaders;
  /** Without the pseudo-header fields of HTTP/2; `host` stands for its `:authority`. */
  readonly rawHeaders: RawHeaders;
  /** `1.0`, `1.1` or `2.0`. */
  readonly httpVersion: string;
  readonly socket: Socket;
}
