import type { RawHeaders } from '../../http/raw-headers.js';
import { GatewayError } from '../../http/gateway-error.js';
import { Pieces } from '../../http/pieces.js';
import type { BodySource } from './client-message.js';
import { RequestBody, RequestBodyError } from './request-body.js';

/** Bodies of up to this declared length are taken whole if all of it came together with the head, in bytes. */
const smallBody = 64 * 1024;

/** Says which trailer fields of a request may be passed on. */
export interface TrailerFilter {
  passedTrailers(raw: RawHeaders): RawHeaders;
}

/** Bytes that may wait for the one who reads them before the client is read no further. */
const mostWaiting = 64 * 1024;

/** Who wants to know when a client has sent all of its body. */
export interface BodyWatcher {
  bodyEnded(): void;
}

/**
 * The body of a client's request: counted and limited as it comes, and kept up to `hold` bytes so that it can be sent
 * again. Each attempt opens it anew and gets what is kept first, then what still comes. Once the client is being
 * answered nothing more is kept, and what nobody reads is thrown away, so that the client can finish and see its answer.
 * A client may cut its body into pieces of one byte: what is kept, and what waits, is joined.
 */
export class ClientBody {
  /** Body bytes that have come from the client. */
  bytes = 0;
  #attached = false;
  #reader: RequestBody | undefined;
  /** The reader would take more. */
  #wanted = false;
  /** What has come, while all of it is kept. */
  #kept: Pieces | undefined;
  /** Something was let go. */
  #gone = false;
  /** What has come is kept up to so many bytes. */
  #hold: number;
  /** What the reader has not got yet. */
  #waiting: Pieces | undefined;
  #whole: Buffer | undefined;
  #ended = false;
  #failure: GatewayError | undefined;
  #released = false;
  /** The attempt that has opened it is on a connection. */
  #begun = false;
  /** Told when all of it is there, or it cannot be had. */
  #gathered: ((error: GatewayError | undefined) => void) | undefined;
  #copy: ((chunk: Buffer | undefined) => void) | undefined;
  /** Told when the first of it has come, or it will not come. */
  #shown: (() => void) | undefined;
  /** Told once all of it has come. */
  watcher: BodyWatcher | undefined;
  /** `performance.now()` when the last byte had come; 0 before. */
  completeAt = 0;

  constructor(
    private readonly source: BodySource,
    /** The length that the client declared; undefined for chunked bodies. */
    readonly length: string | undefined,
    /** Bytes that it may have, 0 = no limit; more end it with `BODY_TOO_LARGE`. */
    private readonly limit: number,
    /** Bytes that are kept to be sent again. */
    hold: number,
    /** Absent: none of its trailer fields are passed on. */
    private readonly filter?: TrailerFilter,
  ) {
    this.#hold = hold;
  }

  /** It is still coming: not in memory, and not at its end. */
  get isComing(): boolean {
    return this.#whole === undefined && !this.#ended;
  }

  /** All of it has come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Somebody wants more of it, and the client has not sent that yet. */
  get awaited(): boolean {
    if (this.#ended || this.source.readableFlowing !== true) return false;
    return this.#reader !== undefined || this.#gathered !== undefined || this.#shown !== undefined;
  }

  /** It is worth {@link takeWhole}: small, and of a length that is known. */
  get isSmall(): boolean {
    return this.length !== undefined && Number(this.length) <= smallBody;
  }

  /** The trailer fields after a chunked body that a backend may get; complete once it has ended. */
  get trailers(): RawHeaders {
    const raw = this.source.rawTrailers;
    return raw.length === 0 || this.filter === undefined ? [] : this.filter.passedTrailers(raw);
  }

  /** It can be opened: nothing of it was let go. */
  get replayable(): boolean {
    return !this.#gone;
  }

  /** It cannot be sent any more, and no error says why. */
  get isGone(): boolean {
    return this.#gone && this.#failure === undefined;
  }

  /**
   * Takes what has come with the head. If that is all of it, attempts get it as one buffer, which is much cheaper to send
   * than a stream.
   */
  takeWhole(): void {
    if (this.#attached) return;
    const chunk = this.source.read() as Buffer | null;
    if (chunk === null) return;
    this.#attach();
    const isWhole = chunk.length === Number(this.length) && (this.limit === 0 || chunk.length <= this.limit);
    if (!isWhole) return this.#take(chunk);
    this.bytes = chunk.length;
    this.#copy?.(chunk);
    this.#whole = chunk;
    this.source.resume();
  }

  /** Waits until all of it is in memory (`limit` bounds it). `done` gets the error that it ended with, if any. */
  gather(done: (error: GatewayError | undefined) => void): void {
    this.#gathered = done;
    if (!this.#attached) this.#attach();
    if (this.#ended) this.#end();
    else this.source.resume();
  }

  /** Waits until it shows whether there is any of it: HTTP/2 need not say so in the head. */
  whenShown(done: () => void): void {
    this.#shown = done;
    if (!this.#attached) this.#attach();
    this.source.resume();
  }

  /** It has ended, and there was nothing of it. */
  get isEmpty(): boolean {
    return this.#ended && this.bytes === 0;
  }

  /** All of it, once it was gathered or taken whole. */
  get whole(): Buffer | undefined {
    return this.#whole;
  }

  /** The body from its beginning, for one attempt. Undefined when something was let go. What was opened before is over. */
  open(): RequestBody | Buffer | undefined {
    if (this.isGone) return undefined;
    if (this.#whole !== undefined) return this.#whole;
    this.#begun = false;
    this.#wanted = false;
    const before = this.#reader;
    this.#reader = new RequestBody(this);
    this.#waiting = undefined;
    if (this.#kept !== undefined && this.#kept.length > 0) this.#wait(this.#kept.all);
    if (this.#attached) this.source.pause();
    before?.destroy();
    return this.#reader;
  }

  /**
   * The attempt that has opened it is on a connection. Nothing is read before: a backend that cannot be reached costs
   * nothing of it, whatever its size.
   */
  begin(): void {
    this.#begun = true;
    if (this.#whole !== undefined && this.bytes > this.#hold) this.#letGo();
    else if (this.#reader !== undefined) this.readBy(this.#reader);
  }

  /** Keeps nothing any more: no other attempt will follow. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#hold = 0;
    this.#whole = undefined;
    if (!this.#hasWaiting) this.#letGo();
    if (this.#reader === undefined && this.#attached && !this.source.destroyed) this.source.resume();
  }

  /** Keeps a copy of up to `limit` bytes; `done` gets the whole body at its end, or nothing when it was larger or broke. */
  keepCopy(limit: number, done: (body: Buffer | undefined) => void): void {
    let copy: Pieces | undefined = new Pieces();
    const finish = (body: Buffer | undefined): void => {
      if (copy === undefined) return;
      copy = undefined;
      done(body);
    };
    this.#copy = chunk => {
      if (copy === undefined) return;
      if (chunk === undefined) finish(this.#ended ? copy.all : undefined);
      else if (this.bytes > limit) finish(undefined);
      else copy.add(chunk);
    };
  }

  /** For its {@link RequestBody}: it wants more. */
  readBy(reader: RequestBody): void {
    if (reader !== this.#reader) return;
    this.#wanted = true;
    if (!this.#begun && this.#failure === undefined) return;
    this.#feed(reader);
    if (reader !== this.#reader || this.#hasWaiting) return;
    if (this.#failure !== undefined) reader.destroy(new RequestBodyError(this.#failure));
    else if (this.#ended) reader.push(null);
    else {
      if (!this.#attached) this.#attach();
      this.source.resume();
    }
  }

  /** For its {@link RequestBody}: it was destroyed. */
  leftBy(reader: RequestBody): void {
    if (reader !== this.#reader) return;
    this.#reader = undefined;
    this.#waiting = undefined;
    if (!this.#attached || this.source.destroyed) return;
    if (!this.#gone && !this.#released) this.source.pause();
    else this.source.resume();
  }

  get #hasWaiting(): boolean {
    return this.#waiting !== undefined && this.#waiting.length > 0;
  }

  #attach(): void {
    this.#attached = true;
    const { source } = this;
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    source.on('end', () => this.#end());
    source.on('close', () => this.#close());
    source.on('error', () => this.#close());
  }

  #take(chunk: Buffer): void {
    if (this.#failure !== undefined || this.#whole !== undefined) return;
    this.bytes += chunk.length;
    this.#copy?.(chunk);
    if (this.limit > 0 && this.bytes > this.limit) {
      this.#fail(new GatewayError('BODY_TOO_LARGE', `The request body is larger than ${this.limit} bytes.`));
      return;
    }
    const reader = this.#reader;
    if (reader === undefined) {
      if (this.#released) return;
      this.#keep(chunk);
      if (this.#gathered === undefined) this.source.pause();
      this.#show();
    } else if (this.#hasWaiting || !this.#wanted) {
      this.#keep(chunk);
      this.#wait(chunk);
      if (this.#begun && this.#wanted) this.#feed(reader);
      if (this.#waiting !== undefined && this.#waiting.length >= mostWaiting) this.source.pause();
    } else {
      if (this.bytes > this.#hold) this.#letGo();
      else this.#keep(chunk);
      this.#wanted = reader.push(chunk);
    }
  }

  #keep(chunk: Buffer): void {
    if (!this.#gone) (this.#kept ??= new Pieces()).add(chunk);
  }

  #wait(chunk: Buffer): void {
    (this.#waiting ??= new Pieces()).add(chunk);
  }

  #letGo(): void {
    this.#gone = true;
    this.#kept = undefined;
  }

  /** Passes on what waits, as far as it is wanted. */
  #feed(reader: RequestBody): void {
    while (this.#wanted && this.#hasWaiting && reader === this.#reader) {
      const piece = this.#waiting!.shift()!;
      if (!this.#hasWaiting && this.bytes > this.#hold) this.#letGo();
      this.#wanted = reader.push(piece);
    }
  }

  #end(): void {
    this.#ended = true;
    this.completeAt ||= performance.now();
    this.#show();
    this.#copy?.(undefined);
    if (this.#gathered !== undefined && this.#whole === undefined) this.#whole = this.#kept?.all ?? Buffer.alloc(0);
    this.watcher?.bodyEnded();
    this.#gathered?.(undefined);
    const reader = this.#reader;
    if (reader === undefined) return;
    if (this.#begun) this.#feed(reader);
    if (!this.#hasWaiting && reader === this.#reader) reader.push(null);
  }

  #show(): void {
    const shown = this.#shown;
    this.#shown = undefined;
    shown?.();
  }

  #close(): void {
    if (!this.source.complete) this.#fail(new GatewayError('CLIENT_ABORTED'));
  }

  #fail(error: GatewayError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#letGo();
    this.#waiting = undefined;
    this.#copy?.(undefined);
    if (!this.source.destroyed) this.source.resume();
    this.#gathered?.(error);
    this.#show();
    this.#reader?.destroy(new RequestBodyError(error));
  }
}
