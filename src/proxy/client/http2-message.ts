import type { IncomingHttpHeaders } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { joinedMessagePush, joinPieces } from '../../http/joined-readable.js';
import type { RawHeaders } from '../../fields/raw-headers.js';
import type { ClientMessage } from './client-message.js';
import type { Http2Head } from './http2-head.js';
import type { ListenerInfo } from './listener-info.js';

/** A request on an HTTP/2 stream, seen as a message of HTTP/1.x. */
export class Http2Message implements ClientMessage {
  readonly httpVersion = '2.0';
  complete = false;
  rawTrailers: RawHeaders = [];
  #headers: IncomingHttpHeaders | undefined;

  constructor(
    private readonly stream: ServerHttp2Stream,
    readonly rawHeaders: RawHeaders,
    /** The fields as Node has parsed them, with the pseudo-header fields. */
    private readonly fields: IncomingHttpHeaders,
    readonly socket: Socket,
    /** False: the request ended with its head. */
    hasBody: boolean,
  ) {
    if (hasBody) {
      joinPieces(stream, joinedMessagePush);
      stream.on('trailers', (_fields, _flags, raw?: string[]) => (this.rawTrailers = raw ?? []));
    } else this.complete = true;
  }

  get headers(): IncomingHttpHeaders {
    return (this.#headers ??= this.#withoutPseudoHeaders());
  }

  get destroyed(): boolean {
    return this.stream.destroyed;
  }

  get readableFlowing(): boolean | null {
    return this.stream.readableFlowing;
  }

  on(event: string, listener: (chunk: Buffer) => void): this {
    if (event === 'end') {
      const end = (): void => this.#end(listener as () => void);
      // Node tells of the end of a body without a byte also where nothing reads it: it may have come while a guard was waited for.
      if (this.stream.readableEnded) queueMicrotask(end);
      else this.stream.on(event, end);
    } else this.stream.on(event, listener);
    return this;
  }

  read(): unknown {
    return this.stream.read();
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  /** Node emits `end` also for a stream that was reset, which is not the end of the body: it is not passed on then. */
  #end(listener: () => void): void {
    if (this.stream.closed) return;
    this.complete = true;
    listener();
  }

  #withoutPseudoHeaders(): IncomingHttpHeaders {
    const headers: IncomingHttpHeaders = {};
    for (const name in this.fields) if (!name.startsWith(':')) headers[name] = this.fields[name];
    if (this.rawHeaders[0] === 'host') headers.host = this.rawHeaders[1]!;
    return headers;
  }
}

/** Takes a request that has begun on an HTTP/2 stream. */
export type StreamHandler = (
  stream: ServerHttp2Stream,
  head: Http2Head,
  message: Http2Message,
  listener: ListenerInfo,
) => void;
