import type { Socket } from 'node:net';
import type { RawHeaders } from '../../fields/raw-headers.js';
import { owned, type Loan } from '../../http/loan.js';
import { Pieces } from '../../http/pieces.js';
import type { Fault } from '../../http1/fault.js';
import type { MessageReceiver, ReadingRules } from '../../http1/message-reader.js';
import { RequestReader } from '../../http1/request-reader.js';
import { lent, readAsStream, readDirectly } from '../../platform/direct-reads.js';
import { Http1Message, type BodyFlow } from '../../proxy/client/http1-message.js';
import type { Http1Channel } from '../../proxy/client/http1-channel.js';
import type { ConnectionLimits } from './connection-limits.js';
import { HalfClosed } from './half-closed.js';
import type { RequestHandler } from './request-handler.js';

/** Bytes that are kept of what a client sends ahead of its answer; more stay in the client's system. */
const mostAhead = 64 * 1024;

/** How long a client may take to send the rest of a body that is not used any more, or to close its side, in milliseconds. */
const lingerFor = 5_000;

/**
 * A client's connection of HTTP/1.x. Requests are read one after the other: what a client sends ahead waits until the answer before it is written.
 *
 * ```
 * between ── head ──→ answering ── answered, the request is whole ───────→ between
 *                               ── answered, a small rest is to come ────→ discarding ── rest ──→ between
 *                               ── answered, the connection is to end ───→ lingering
 *                               ── handOver ─────────────────────────────→ handed-over
 * between, answering ── fault, end of the client ────────────────────────→ lingering
 * ```
 */
export class Http1Connection implements Http1Channel, BodyFlow, MessageReceiver {
  readonly written: Http1Channel['written'];
  #state: 'between' | 'answering' | 'discarding' | 'lingering' | 'handed-over' = 'between';
  readonly #reader: RequestReader;
  #message: Http1Message | undefined;
  /** The head that was read last was not passed on yet. */
  #isNew = false;
  /** What has come ahead. */
  #ahead: Pieces | undefined;
  #requests = 0;
  #persists = true;
  /** The answer has been given to the socket. */
  #isAnswered = false;
  #endsWithClient = false;
  /** Milliseconds without a request after which it ends, since its client is to leave; 0 = it stays. */
  #quiet = 0;
  /** On the clock of `performance.now()`: when its state began (0: since the last look at its times), when the head of the message did, and when the last of it was read. */
  #since: number;
  #begunAt: number;
  #readAt: number;
  /** Set once the client has closed its side. */
  #halfClosed: HalfClosed | undefined;
  /** Comes with what is read. */
  readonly #loan: Loan | undefined;

  constructor(
    readonly socket: Socket,
    rules: ReadingRules,
    private readonly limits: ConnectionLimits,
    private readonly handler: RequestHandler,
    readonly keepAlive: string,
    now: number,
  ) {
    this.#since = now;
    this.#begunAt = now;
    this.#readAt = now;
    this.#reader = new RequestReader(rules);
    this.#reader.serve(this);
    // After an error the connection closes.
    this.written = error => {
      if (error === undefined || error === null) this.#written();
    };
    this.#loan = readDirectly(socket, this.#onData) ? lent : undefined;
    socket
      .on('data', this.#onData)
      .on('end', this.#onEnd)
      .on('drain', this.#onDrain)
      .on('error', () => {})
      .on('close', this.#onClose);
  }

  responder: Http1Channel['responder'];

  get mayPersist(): boolean {
    return this.#persists && this.#quiet === 0;
  }

  /** Ends it with its next answer, or after `quiet` milliseconds without a request. */
  leave(quiet: number): void {
    this.#quiet = quiet;
    if (this.#state === 'between' && this.#reader.isIdle) this.#since = 0;
  }

  /** No other request may follow the one that is answered. */
  endWithAnswer(): void {
    this.#persists = false;
  }

  endWithClient(): void {
    this.#endsWithClient = true;
  }

  answering(persists: boolean): void {
    this.#persists &&= persists;
    this.#isAnswered = true;
  }

  handOver(): void {
    this.#state = 'handed-over';
    this.#halfClosed?.stop();
    this.#reader.stop();
    this.socket.off('end', this.#onEnd).off('drain', this.#onDrain).off('close', this.#onClose);
  }

  /** Gives what the client has sent behind the head of the request that has switched protocols, and keeps nothing from now on. */
  takeAhead(): Buffer {
    this.socket.off('data', this.#onData).pause();
    readAsStream(this.socket);
    const ahead = this.#ahead?.all ?? Buffer.alloc(0);
    this.#ahead = undefined;
    return ahead;
  }

  resumeBody(): void {
    if (this.#state === 'answering' || this.#state === 'discarding') this.socket.resume();
  }

  /** Ends the connection behind what was written: our side first, so that the client can read it (RFC 9112 §9.6; nginx calls it `lingering_close`). */
  linger(): void {
    this.#enter('lingering');
    this.#reader.stop();
    this.#ahead = undefined;
    this.socket.end();
    this.socket.resume();
  }

  headRead(): void {
    const { fields, framing, method, minor, target } = this.#reader;
    // Also where what follows cannot be read.
    const hasBody = framing !== 'none';
    this.#message = new Http1Message(method, target, fields, minor, hasBody, this.socket, this, this.#readAt);
    this.#isNew = true;
    const { requestsPerConnection } = this.limits;
    const isLast = ++this.#requests === requestsPerConnection;
    this.#persists = this.#reader.isPersistent && !isLast && framing !== 'unknown';
  }

  bodyRead(piece: Buffer): void {
    if (this.#state === 'discarding') return;
    if (!this.#message!.take(owned(piece, this.#loan)) && !this.#isNew) this.socket.pause();
  }

  messageRead(trailers: RawHeaders): void {
    this.#message!.end(trailers);
    // Also while the body waits to be taken: a client that goes away is noticed only while its connection is read.
    this.#readOn();
  }

  /** Looks at its times. */
  sweep(now: number): void {
    if (this.#since === 0) this.#since = now;
    const { headerTimeout, keepAliveTimeout, requestTimeout } = this.limits;
    switch (this.#state) {
      case 'between':
        if (this.#reader.isIdle && (this.#requests > 0 || this.#quiet > 0)) {
          const most = this.#quiet > 0 ? this.#quiet : keepAliveTimeout;
          if (most > 0 && now - this.#since > most) this.socket.destroy();
        } else if (headerTimeout > 0 && now - (this.#reader.isIdle ? this.#since : this.#begunAt) > headerTimeout) {
          this.#late();
        }
        return;
      case 'answering':
        if (requestTimeout > 0 && this.#isInBody && now - this.#begunAt > requestTimeout) {
          this.#reader.stop();
          this.#breakOff('late-body');
        }
        return;
      case 'handed-over':
        return;
      default:
        if (now - this.#since > lingerFor) this.socket.destroy();
    }
  }

  readonly #onData = (chunk: Buffer): void => {
    switch (this.#state) {
      case 'lingering':
        return;
      case 'handed-over':
        return this.#keep(chunk);
      default:
        this.#read(chunk, 0);
    }
  };

  readonly #onDrain = (): void => this.responder?.source?.resume();

  readonly #onEnd = (): void => {
    switch (this.#state) {
      case 'between':
        if (this.#reader.isIdle) this.socket.end();
        else this.#endWithin();
        return;
      case 'answering':
        if (this.#message?.complete !== true) return this.#endWithin();
        if (this.#endsWithClient) return void this.socket.destroy();
        this.#persists &&= this.#ahead !== undefined;
        (this.#halfClosed ??= new HalfClosed(this.socket)).watch();
        return;
      default:
        // Behind what was written.
        this.socket.destroySoon();
    }
  };

  readonly #onClose = (): void => {
    this.#halfClosed?.stop();
    const isOpen = this.#state === 'answering';
    this.#state = 'lingering';
    this.#ahead = undefined;
    this.#message?.close();
    if (isOpen) this.handler.over(this.socket, false);
  };

  #read(chunk: Buffer, at: number): void {
    const reader = this.#reader;
    // Behind a fault, or a head whose body cannot be read.
    if (reader.isStopped) return;
    while (at < chunk.length) {
      if (this.#state === 'answering' && this.#message!.complete) {
        this.#keep(at === 0 ? chunk : chunk.subarray(at));
        break;
      }
      if (this.#state === 'between') {
        this.#readAt = performance.now();
        if (reader.isIdle) this.#begunAt = this.#readAt;
      }
      at = reader.read(chunk, at);
      if (this.#isNew) this.#begin();
      else if (this.#state === 'discarding' && this.#message!.complete) this.#next();
      if (reader.isStopped) {
        if (reader.fault !== undefined) this.#faulty(reader.fault);
        else if (this.#state === 'handed-over' && at < chunk.length) this.#keep(chunk.subarray(at));
        break;
      }
    }
  }

  #begin(): void {
    this.#isNew = false;
    this.#isAnswered = false;
    this.#endsWithClient = false;
    this.#enter('answering');
    this.handler.begin(this.#message!, this);
  }

  /** The system has taken the last of an answer. */
  #written(): void {
    if (this.#state !== 'answering' || !this.#isAnswered) return;
    const message = this.#message!;
    const persists = this.#persists;
    this.responder = undefined;
    this.#halfClosed?.stop();
    this.handler.over(this.socket, true);
    if (this.socket.destroyed) {
      // It is over once only.
      this.#state = 'lingering';
      return;
    }
    if (!persists) {
      if (message.complete || !message.hasBody) this.#close();
      else this.linger();
    } else if (message.complete) this.#next();
    else {
      this.#enter('discarding');
      this.socket.resume();
    }
  }

  /** The last answer is whole, and nothing of its request is to come. */
  #close(): void {
    this.#enter('lingering');
    this.#reader.stop();
    if (this.#ahead === undefined) this.socket.destroySoon();
    else this.linger();
  }

  /** The connection is ready for the next request. */
  #next(): void {
    this.#message = undefined;
    this.#enter('between');
    const ahead = this.#ahead;
    if (ahead === undefined) {
      if (this.#halfClosed !== undefined) this.socket.end();
      else this.#readOn();
      return;
    }
    this.#ahead = undefined;
    this.#read(ahead.all, 0);
    if (this.#halfClosed !== undefined && (this.#state === 'between' || this.#isInBody)) this.#onEnd();
    else this.#readOn();
  }

  /** Reads the connection, unless enough has come ahead. */
  #readOn(): void {
    if ((this.#ahead?.length ?? 0) < mostAhead && this.socket.isPaused()) this.socket.resume();
  }

  #keep(chunk: Buffer): void {
    const ahead = (this.#ahead ??= new Pieces());
    ahead.add(owned(chunk, this.#loan));
    if (ahead.length >= mostAhead) this.socket.pause();
  }

  #faulty(fault: Fault): void {
    if (this.#state === 'between') this.handler.broken(fault, this, true);
    else this.#breakOff(fault);
  }

  /** The body of the request cannot be read further. An answer that was given stands, and ends the connection. */
  #breakOff(trouble: Fault | 'late-body'): void {
    this.#persists = false;
    if (!this.#isAnswered) this.handler.broken(trouble, this, false);
  }

  /** A body is being read. */
  get #isInBody(): boolean {
    return this.#message?.complete === false && !this.#reader.isStopped;
  }

  /** The client has closed its side within a message. */
  #endWithin(): void {
    if (this.#reader.isStopped) return;
    this.#reader.end();
    if (this.#reader.fault !== undefined) this.#faulty(this.#reader.fault);
  }

  #late(): void {
    // A client that has said nothing is told nothing.
    if (this.#reader.isIdle) this.socket.destroy();
    else this.handler.broken('late-head', this, true);
  }

  #enter(state: 'between' | 'answering' | 'discarding' | 'lingering'): void {
    this.#state = state;
    this.#since = 0;
  }
}
