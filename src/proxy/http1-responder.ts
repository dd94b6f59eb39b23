import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RawHeaders } from '../http/raw-headers.js';
import type { ListenerInfo } from './listener-info.js';
import { lingerThenClose } from './lingering-close.js';
import type { Responder } from './responder.js';

/** A {@link Responder} over Node's HTTP/1.x `ServerResponse`. */
export class Http1Responder implements Responder {
  onDrain: (() => void) | undefined;
  #drainAttached = false;
  #continueSent = false;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    /** The client waits for a 100 before it sends its body. */
    private readonly expectsContinue: boolean,
    /** While it shuts down every answer ends its connection. */
    private readonly listener: ListenerInfo,
  ) {}

  get headSent(): boolean {
    return this.response.headersSent;
  }

  informational(status: number, headers: RawHeaders): void {
    const { response } = this;
    if (response.headersSent || this.request.httpVersionMinor === 0) return;
    if (status === 100) {
      if (!this.expectsContinue || this.#continueSent) return;
      this.#continueSent = true;
      response.writeContinue();
      return;
    }
    response.writeInformation(status, headers);
  }

  head(status: number, message: string, headers: RawHeaders): void {
    this.#closeIfNeeded(headers);
    this.response.writeHead(status, message, headers);
  }

  write(chunk: Buffer): boolean {
    if (this.response.write(chunk)) return true;
    if (!this.#drainAttached) {
      this.#drainAttached = true;
      this.response.on('drain', () => this.onDrain?.());
    }
    return false;
  }

  end(trailers?: RawHeaders): void {
    const { response } = this;
    if (trailers !== undefined && trailers.length > 0 && response.chunkedEncoding) {
      const pairs: [string, string][] = [];
      for (let i = 0; i < trailers.length; i += 2) pairs.push([trailers[i]!, trailers[i + 1]!]);
      response.addTrailers(pairs);
    }
    response.end();
  }

  send(status: number, headers: RawHeaders, body: string | Buffer): void {
    this.#closeIfNeeded(headers);
    this.response.writeHead(status, headers);
    this.response.end(body);
  }

  abort(): void {
    const { socket, chunkedEncoding } = this.response;
    if (socket === null) this.response.destroy();
    if (socket === null || socket.destroyed) return;
    // A body that ends with the connection needs a reset: a plain close would look like its end (RFC 9112 §8).
    if (chunkedEncoding || this.response.hasHeader('content-length') || !('resetAndDestroy' in socket)) socket.destroy();
    else socket.resetAndDestroy();
  }

  /** The connection cannot carry another request while the rest of this one is still to come. */
  #closeIfNeeded(headers: RawHeaders): void {
    const unread = !this.request.complete || (this.expectsContinue && !this.#continueSent);
    if (!unread && !this.listener.draining) return;
    headers.push('Connection', 'close');
    if (unread && this.response.socket !== null) lingerThenClose(this.request, this.response.socket);
  }
}
