import type { RawHeaders } from '../http/raw-headers.js';
import { GatewayError } from '../http/gateway-error.js';
import type { BodySource } from './client-message.js';
import { RequestBody, RequestBodyError } from './request-body.js';

/** Bodies of up to this declared length are taken whole if all of it came together with the head, in bytes. */
const smallBody = 64 * 1024;

/** Says which trailer fields of a request may be passed on. */
export interface TrailerFilter {
  passedTrailers(raw: RawHeaders): RawHeaders;
}

/**
 * The body of a client's request: counted and limited as it comes, and kept up to `hold` bytes so that it can be sent
 * again. Each attempt opens it anew and gets what is kept first, then what still comes. Once the client is being
 * answered nothing more is kept, and what nobody reads is thrown away, so that the client can finish and see its answer.
 */
export class ClientBody {
  /** Body bytes that have come from the client. */
  bytes = 0;
  #attached = false;
  #reader: RequestBody | undefined;
  /** What has come, while all of it is kept; undefined: something was let go. */
  #held: Buffer[] | undefined = [];
  /** What has come is kept up to so many bytes. */
  #hold: number;
  /** What the reader has not got yet: the first part of `#held`. */
  #unread = 0;
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
    return this.#held !== undefined;
  }

  /** It cannot be sent any more, and no error says why. */
  get isGone(): boolean {
    return this.#held === undefined && this.#failure === undefined;
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
    this.#take(chunk);
    if (this.#failure !== undefined || this.bytes !== Number(this.length)) return;
    this.#whole = chunk;
    this.#held = [chunk];
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
    const before = this.#reader;
    this.#reader = new RequestBody(this);
    this.#unread = this.#held?.length ?? 0;
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
    if (this.#whole !== undefined && this.bytes > this.#hold) this.#held = undefined;
    else if (this.#reader !== undefined) this.readBy(this.#reader);
  }

  /** Keeps nothing any more: no other attempt will follow. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#hold = 0;
    this.#whole = undefined;
    if (this.#unread === 0) this.#held = undefined;
    if (this.#reader === undefined && this.#attached && !this.source.destroyed) this.source.resume();
  }

  /** Keeps a copy of up to `limit` bytes; `done` gets the whole body at its end, or nothing when it was larger or broke. */
  keepCopy(limit: number, done: (body: Buffer | undefined) => void): void {
    const chunks: Buffer[] = [];
    let open = true;
    const finish = (body: Buffer | undefined): void => {
      if (!open) return;
      open = false;
      chunks.length = 0;
      done(body);
    };
    this.#copy = chunk => {
      if (!open) return;
      if (chunk === undefined) finish(this.#ended ? Buffer.concat(chunks) : undefined);
      else if (this.bytes > limit) finish(undefined);
      else chunks.push(chunk);
    };
  }

  /** For its {@link RequestBody}: it wants more. */
  readBy(reader: RequestBody): void {
    if (reader !== this.#reader || (!this.#begun && this.#failure === undefined)) return;
    while (this.#unread > 0) {
      const held = this.#held!;
      const chunk = held[held.length - this.#unread]!;
      this.#unread--;
      if (this.#unread === 0 && this.bytes > this.#hold) this.#held = undefined;
      if (!reader.push(chunk)) return;
    }
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
    if (!this.#attached || this.source.destroyed) return;
    if (this.#held !== undefined && !this.#released) this.source.pause();
    else this.source.resume();
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
      this.#held?.push(chunk);
      if (this.#gathered === undefined) this.source.pause();
      this.#show();
    } else if (this.#unread > 0) {
      // It has not read yet what came before this.
      this.#held!.push(chunk);
      this.#unread++;
      this.source.pause();
    } else {
      if (this.bytes > this.#hold) this.#held = undefined;
      else this.#held?.push(chunk);
      if (!reader.push(chunk)) this.source.pause();
    }
  }

  #end(): void {
    this.#ended = true;
    this.completeAt ||= performance.now();
    this.#show();
    this.#copy?.(undefined);
    if (this.#gathered !== undefined && this.#whole === undefined) {
      this.#whole = Buffer.concat(this.#held ?? []);
      this.#held = [this.#whole];
    }
    this.#gathered?.(undefined);
    if (this.#unread === 0) this.#reader?.push(null);
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
    this.#held = undefined;
    this.#unread = 0;
    this.#copy?.(undefined);
    if (!this.source.destroyed) this.source.resume();
    this.#gathered?.(error);
    this.#show();
    this.#reader?.destroy(new RequestBodyError(error));
  }
}
