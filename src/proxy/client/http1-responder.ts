import type { Duplex } from 'node:stream';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { JoinedWrites } from '../../http/joined-writes.js';
import { RawHeaders } from '../../http/raw-headers.js';
import { takeConnection } from '../../platform/assigned-response.js';
import { resetConnection } from './connection-reset.js';
import { discardBody, isDiscardable } from './discarded-body.js';
import type { ListenerInfo } from './listener-info.js';
import { endWithAnswer } from './last-answer.js';
import { lingerThenClose } from './lingering-close.js';
import type { Responder } from './responder.js';

/** Bodies up to this size are written together with their head, in bytes. */
const smallBody = 16 * 1024;

/** Interim responses are left out while the client has this much to read, in bytes. */
const maxUnread = 64 * 1024;

/** A {@link Responder} over Node's HTTP/1.x `ServerResponse`. */
export class Http1Responder implements Responder {
  source: { resume(): void } | undefined;
  #drainAttached = false;
  #continueSent = false;
  length = -1;
  /** The whole body, held until `end`, which follows in the same turn. */
  #whole: Buffer | undefined;
  /** The head is held back for the body, and goes alone if no body has come by the end of this turn of the event loop. */
  #headWaits = false;
  #switched = false;
  /** The body, where it comes in pieces. */
  #writes: JoinedWrites | undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    /** The client waits for a 100 before it sends its body. */
    private readonly expectsContinue: boolean,
    /** While this listener shuts down, every answer ends its connection. */
    private readonly listener: ListenerInfo,
  ) {}

  get headSent(): boolean {
    return this.#switched || this.response.headersSent;
  }

  get withholdsContinue(): boolean {
    return this.expectsContinue && !this.#continueSent;
  }

  informational(status: number, headers: RawHeaders): void {
    const { response } = this;
    if (response.headersSent || this.request.httpVersionMinor === 0) return;
    if (status === 100) {
      if (!this.withholdsContinue) return;
      this.#continueSent = true;
      response.writeContinue();
      return;
    }
    // Interim responses may be left out (RFC 9110 §15.2), and must not pile up for a client that does not read.
    if (response.socket === null || response.socket.writableLength > maxUnread) return;
    response.writeInformation(status, headers);
  }

  head(status: number, message: string, headers: RawHeaders): void {
    // 11
    this.#closeIfNeeded(headers);
    this.length = declaredLength(headers);
    this.#writeHead(status, message, headers);
    this.#headWaits = true;
    if (waitingHeads.push(this) === 1) setImmediate(sendHeads);
  }

  flush(): void {
    this.#headWaits = false;
    this.response.flushHeaders();
  }

  /** The turn in which the head came is over. */
  turnEnded(): void {
    if (this.#headWaits && this.#whole === undefined) this.flush();
  }

  write(chunk: Buffer): boolean {
    if (chunk.length === this.length && chunk.length <= smallBody) {
      this.#whole = chunk;
      return true;
    }
    this.#headWaits = false;
    if ((this.#writes ??= new JoinedWrites(this.response)).write(chunk)) return true;
    if (!this.#drainAttached) {
      this.#drainAttached = true;
      this.response.on('drain', () => this.source?.resume());
    }
    return false;
  }

  end(trailers?: RawHeaders): void {
    const { response } = this;
    this.#headWaits = false;
    if (this.#whole !== undefined) return endAtOnce(response, this.#whole);
    this.#writes?.flush();
    if (trailers !== undefined && trailers.length > 0 && response.chunkedEncoding) {
      response.addTrailers(RawHeaders.pairs(trailers));
    }
    response.end();
  }

  switchProtocols(protocol: string, headers: RawHeaders): Duplex | undefined {
    const { response } = this;
    const { socket } = response;
    if (socket === null || !socket.writable) return undefined;
    this.#switched = true;
    const head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
    takeConnection(response, socket);
    socket.write(`${head}${RawHeaders.lines(headers)}\r\n`, 'latin1');
    return socket;
  }

  send(status: number, headers: RawHeaders, body: string | Buffer): void {
    if (this.#isUnread && this.#canDiscard(status)) discardBody(this.request, this.response);
    else this.#closeIfNeeded(headers);
    this.length = body.length;
    this.#writeHead(status, '', headers);
    this.response.end(body);
  }

  abort(): void {
    const { response } = this;
    this.#headWaits = false;
    const { socket, chunkedEncoding } = response;
    if (socket === null) response.destroy();
    if (socket === null || socket.destroyed) return;
    this.#writes?.flush();
    // Node keeps the head, and what is written in one turn, for the next: the client is to see how far the message came.
    if (response.headersSent) response.flushHeaders();
    while (response.writableCorked > 0) response.uncork();
    // A body that ends with the connection needs a reset: a plain close would look like its end (RFC 9112 §8).
    if (chunkedEncoding || this.length >= 0) socket.destroy();
    else resetConnection(socket);
  }

  #writeHead(status: number, message: string, headers: RawHeaders): void {
    // Trailer fields can follow a chunked body only; Node throws for a `Trailer` field on any other.
    if (RawHeaders.has(headers, 'trailer') && !this.#isChunked(status)) RawHeaders.remove(headers, 'trailer');
    this.response.writeHead(status, phrase(status, message), headers);
  }

  /** Node will send the body in chunks. */
  #isChunked(status: number): boolean {
    const { httpVersionMinor, method } = this.request;
    return this.length < 0 && httpVersionMinor !== 0 && method !== 'HEAD' && status !== 204 && status !== 304;
  }

  /** The rest of the request is still to come, or may never come. */
  get #isUnread(): boolean {
    return (!this.request.complete && hasBody(this.request)) || this.withholdsContinue;
  }

  /** A client that is refused because of its body (too large, too slow) is not to send the rest. */
  #canDiscard(status: number): boolean {
    if (status === 413 || status === 408 || this.listener.draining || !this.response.shouldKeepAlive) return false;
    return isDiscardable(this.request);
  }

  /** The connection cannot carry another request while the rest of this one is still to come. */
  #closeIfNeeded(headers: RawHeaders): void {
    const unread = this.#isUnread;
    if (!unread && !this.listener.draining) return;
    headers.push('Connection', 'close');
    endWithAnswer(this.request.socket);
    if (unread && this.response.socket !== null) lingerThenClose(this.request, this.response.socket);
  }
}

/** The responders whose heads came in this turn of the event loop. */
let waitingHeads: Http1Responder[] = [];

function sendHeads(): void {
  const heads = waitingHeads;
  waitingHeads = [];
  for (const responder of heads) responder.turnEnded();
}

/** The backend's own reason phrase if Node can write it (RFC 9112 §4), else the standard one for the status. */
function phrase(status: number, message: string): string {
  if (message === STATUS_CODES[status]) return message;
  return message !== '' && /^[\t\x20-\x7e\x80-\xff]*$/.test(message) ? message : (STATUS_CODES[status] ?? '');
}

function declaredLength(headers: RawHeaders): number {
  const length = RawHeaders.get(headers, 'content-length');
  return length === undefined ? -1 : Number(length);
}

/**
 * Writes head and body with one system call: as a Latin-1 string Node joins the body to the head; as a buffer it would
 * be a chunk of its own, and the two a `writev`, which costs about 10 % of an exchange. (`npm run bench`)
 */
function endAtOnce(response: ServerResponse, body: Buffer): void {
  response.end(body.toString('latin1'), 'latin1');
}

/** The request has a body. `complete` does not tell: while the head is being handled, it is false also without a body. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}
