import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { RawHeaders } from '../../fields/raw-headers.js';
import { joinedHeaders } from '../../http/joined-headers.js';
import { Pieces } from '../../http/pieces.js';
import type { ClientMessage } from './client-message.js';

/** Lets a message decide when its connection is read. */
export interface BodyFlow {
  /** More of the body is wanted. */
  resumeBody(): void;
}

/** Bytes of a body that may wait until they are wanted; more stay in the client's system. */
const mostWaiting = 64 * 1024;

/** What hears of a body. */
type Listener = (chunk: Buffer) => void;

const noFields: RawHeaders = [];

/** A request of HTTP/1.x: its head, and its body as it comes. Small pieces that wait are joined. */
export class Http1Message implements ClientMessage {
  complete = false;
  destroyed = false;
  readableFlowing: boolean | null = null;
  rawTrailers: RawHeaders = noFields;
  #headers: IncomingHttpHeaders | undefined;
  /** What has come and was not taken. */
  #waiting: Pieces | undefined;
  #onData: Listener | undefined;
  #onEnd: Listener | undefined;
  #onClose: Listener | undefined;
  #isFlowing = false;
  #isTold = false;

  constructor(
    readonly method: string,
    readonly target: string,
    readonly rawHeaders: RawHeaders,
    readonly minor: number,
    /** The request has a body, which may be empty where it is chunked. */
    readonly hasBody: boolean,
    readonly socket: Socket,
    private readonly flow: BodyFlow,
    /** When the last of its head was read, on the clock of `performance.now()`. */
    readonly readAt = performance.now(),
  ) {}

  get httpVersion(): string {
    return this.minor === 1 ? '1.1' : '1.0';
  }

  get headers(): IncomingHttpHeaders {
    return (this.#headers ??= joinedHeaders(this.rawHeaders));
  }

  /** One listener for each event. */
  on(event: 'data' | 'end' | 'close' | 'error', listener: Listener): this {
    if (event === 'data') this.#onData = listener;
    else if (event === 'end') this.#onEnd = listener;
    else if (event === 'close') this.#onClose = listener;
    return this;
  }

  read(): Buffer | null {
    const waiting = this.#waiting;
    if (waiting === undefined || waiting.length === 0) return null;
    const all = waiting.all;
    waiting.clear();
    return all;
  }

  /** What comes waits from now on. The connection is read on until too much does: only by reading it is noticed that its client has gone. */
  pause(): void {
    this.readableFlowing = false;
  }

  resume(): void {
    if (this.readableFlowing === true) return;
    this.readableFlowing = true;
    if (this.#isFlowing) return;
    this.#isFlowing = true;
    process.nextTick(tell, this);
  }

  /** A piece of the body has come. False: so much waits that nothing more should be read for now. */
  take(piece: Buffer): boolean {
    if (this.readableFlowing === true && !this.#isFlowing) {
      this.#onData?.(piece);
      return true;
    }
    const waiting = (this.#waiting ??= new Pieces());
    waiting.add(piece);
    return waiting.length < mostWaiting;
  }

  /** The body is whole. */
  end(trailers: RawHeaders): void {
    this.complete = true;
    this.rawTrailers = trailers;
    if (this.readableFlowing === true && !this.#isFlowing) this.#tellEnd();
  }

  /** The connection is gone, or the body broke. */
  close(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#waiting?.clear();
    this.#waiting = undefined;
    this.#onClose?.(nothing);
  }

  /** Passes on what waits, now that it is wanted. */
  tell(): void {
    this.#isFlowing = false;
    const waiting = this.#waiting;
    while (this.readableFlowing === true && waiting !== undefined && waiting.length > 0)
      this.#onData?.(waiting.shift()!);
    if (this.readableFlowing !== true || this.destroyed) return;
    if (this.complete) this.#tellEnd();
    else this.flow.resumeBody();
  }

  #tellEnd(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#onEnd?.(nothing);
  }
}

const nothing = Buffer.alloc(0);

function tell(message: Http1Message): void {
  message.tell();
}
