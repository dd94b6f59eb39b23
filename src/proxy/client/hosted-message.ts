import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { RawHeaders } from '../../fields/raw-headers.js';
import { joinedHeaders } from '../../http/joined-headers.js';
import type { ClientMessage } from './client-message.js';

function ignore(): void {}

/** A request that the server of an application has read: Node's own message, and the target that the gateway is to take it for. */
export class HostedMessage implements ClientMessage {
  readonly method: string;
  readonly rawHeaders: RawHeaders;
  readonly httpVersion: string;
  readonly minor: number;
  readonly socket: Socket;
  readonly #source: Readable;
  readonly #message: IncomingMessage;
  #headers: IncomingHttpHeaders | undefined;

  /** `body`: what the application has read of it, all of it, which is sent in place of what comes. */
  constructor(
    message: IncomingMessage,
    /** In origin form, as in a request line. */
    readonly target: string,
    private readonly body?: Buffer,
  ) {
    this.#message = message;
    this.method = message.method ?? 'GET';
    this.minor = message.httpVersionMinor;
    this.httpVersion = message.httpVersion;
    this.socket = message.socket;
    this.rawHeaders = body === undefined ? message.rawHeaders : framed(message.rawHeaders, body);
    this.#source = body === undefined ? message : sourceOf(body);
    // The end of a client is told by the response.
    message.on('error', ignore);
  }

  /** The gateway's own: what it removes from them stays in those of the application. */
  get headers(): IncomingHttpHeaders {
    return (this.#headers ??= joinedHeaders(this.rawHeaders));
  }

  get destroyed(): boolean {
    return this.#source.destroyed;
  }

  get readableFlowing(): boolean | null {
    return this.#source.readableFlowing;
  }

  get complete(): boolean {
    return this.body !== undefined || this.#message.complete;
  }

  get rawTrailers(): RawHeaders {
    return this.body === undefined ? this.#message.rawTrailers : [];
  }

  on(event: string, listener: (chunk: Buffer) => void): this {
    this.#source.on(event, listener);
    return this;
  }

  read(): unknown {
    return this.#source.read();
  }

  pause(): void {
    this.#source.pause();
  }

  resume(): void {
    this.#source.resume();
  }
}

/** The fields of a request with a body of another length, and no trailers. */
function framed(raw: readonly string[], body: Buffer): RawHeaders {
  const fields = [...raw];
  RawHeaders.removeAll(fields, new Set(['content-length', 'transfer-encoding', 'trailer']));
  fields.push('Content-Length', String(body.length));
  return fields;
}

function sourceOf(body: Buffer): Readable {
  const source = new Readable({ read: ignore });
  if (body.length > 0) source.push(body);
  source.push(null);
  return source;
}
