import type { RawHeaders } from '../../fields/raw-headers.js';
import { formatSize } from '../../config/language/kinds/size.js';
import { GatewayError } from '../../http/gateway-error.js';
import { bodyTooLarge } from '../../security/denial.js';
import { BodyCopy } from './body-copy.js';
import type { BodySource } from './client-message.js';
import { KeptBody } from './kept-body.js';
import { RequestBody, type BodyFeed } from './request-body.js';
import { trailersOf, type TrailerFilter } from './trailer-filter.js';

/** Bodies of up to this declared length are taken whole if all of it came together with the head, in bytes. */
const smallBody = 64 * 1024;

/** Bytes that may wait for an attempt before the client is read no further. */
const mostWaiting = 64 * 1024;

/** Wants to know when a client has sent all of its body. */
export interface BodyWatcher {
  bodyEnded(): void;
}

/** How far the client has come with its body. */
type Arrival =
  /** Its message has not been touched. */
  | 'unread'
  | 'coming'
  /** All of it came with the head; the message has still to tell its end. */
  | 'whole'
  | 'ended'
  /** The body was too large, or the client has gone. */
  | 'failed';

/** What happens to the bytes that come. */
type Taker =
  /** No attempt has opened the body: one piece is kept, and then the client is read no further. */
  | 'idle'
  /** Waits for the first piece, or the end: HTTP/2 need not say in the head whether there is a body. */
  | 'showing'
  /** All of them are kept. */
  | 'gathering'
  /** An attempt reads them. */
  | RequestBody
  /** No attempt will open the body any more: they are thrown away, so that the client can finish and see its answer. */
  | 'discarding';

/**
 * The body of a client's request: counted and limited as it comes, and kept so that it can be sent again. Each attempt opens it anew and gets
 * what is kept first, then what still comes. Once the client is being answered nothing more is kept.
 *
 * ```
 * arrival: unread ── takeWhole ──────────────────────────→ whole ─── end ──→ ended
 *          unread ── takeWhole, whenShown, gather, begin ─→ coming ── end ──→ ended
 *                                                  whole, coming ── break ──→ failed
 * taker:   idle ── whenShown ──→ showing ──── first piece, end ─────────────→ idle
 *          idle ── gather ─────→ gathering ── end ──────────────────────────→ idle
 *          idle ── open ───────→ RequestBody ── destroyed, all is kept ─────→ idle
 *                                            ── destroyed, some is gone ────→ discarding
 *                                            ── open ───────────────────────→ another RequestBody
 *          idle, showing, gathering ── release ─────────────────────────────→ discarding
 *          any ── break ────────────────────────────────────────────────────→ discarding
 * ```
 */
export class ClientBody implements BodyFeed {
  /** Body bytes that have come from the client. */
  bytes = 0;
  /** `performance.now()` when the last byte had come; 0 before. */
  completeAt = 0;
  /** Told once all of it has come. */
  watcher: BodyWatcher | undefined;
  #arrival: Arrival = 'unread';
  #taker: Taker = 'idle';
  /** While it is `showing` or `gathering`: called when that is over, with the error that it ended with. */
  #done: ((error: GatewayError | undefined) => void) | undefined;
  readonly #kept: KeptBody;
  #copy: BodyCopy | undefined;
  #failure: GatewayError | undefined;

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
    this.#kept = new KeptBody(hold);
  }

  /** It is still coming: not in memory, and not at its end. */
  get isComing(): boolean {
    return this.#arrival !== 'whole' && !this.ended;
  }

  /** All of it has come. */
  get ended(): boolean {
    return this.completeAt !== 0;
  }

  /** More of it could be taken at once, and the client has not sent that yet. */
  get awaited(): boolean {
    if (this.ended || this.source.readableFlowing !== true) return false;
    return this.#taker !== 'idle' && this.#taker !== 'discarding';
  }

  /** It is worth {@link takeWhole}: small, and of a length that is known. */
  get isSmall(): boolean {
    return this.length !== undefined && Number(this.length) <= smallBody;
  }

  /** It has ended, and there was nothing of it. */
  get isEmpty(): boolean {
    return this.ended && this.bytes === 0;
  }

  /** The trailer fields after a chunked body that a backend may get; complete once it has ended. */
  get trailers(): RawHeaders {
    return trailersOf(this.source, this.filter);
  }

  /** It can be opened: nothing of it was let go. */
  get replayable(): boolean {
    return !this.#kept.isGone;
  }

  /** It cannot be sent any more, and no error says why. */
  get isGone(): boolean {
    return this.#kept.isGone && this.#arrival !== 'failed';
  }

  /** All of it, where it was gathered or taken whole, until it is let go. */
  get whole(): Buffer | undefined {
    return this.#kept.whole;
  }

  /**
   * Takes what has come with the head. If that is all of it, attempts get it as one buffer, which is much cheaper to send
   * than a stream.
   */
  takeWhole(): void {
    if (this.#arrival !== 'unread') return;
    const chunk = this.source.read() as Buffer | null;
    if (chunk === null) return;
    if (chunk.length !== Number(this.length) || (this.limit > 0 && chunk.length > this.limit)) {
      this.#listen();
      return this.#take(chunk);
    }
    this.#arrival = 'whole';
    this.bytes = chunk.length;
    this.#copy?.add(chunk);
    this.#kept.complete(chunk);
    this.#listenForEnd();
    this.source.resume();
  }

  /** Waits until it shows whether there is any of it: HTTP/2 need not say so in the head. Nothing may have been done with it before. */
  whenShown(done: () => void): void {
    if (this.#arrival !== 'unread' || this.#taker !== 'idle') return;
    this.#taker = 'showing';
    this.#done = done;
    this.#resume();
  }

  /**
   * Waits until all of it is in memory (`limit` bounds it). `done` gets the error that it ended with, if any. Does nothing once an attempt has
   * opened it, or none will.
   */
  gather(done: (error: GatewayError | undefined) => void): void {
    if (this.#arrival === 'failed') return done(this.#failure);
    if (this.#taker instanceof RequestBody || this.#taker === 'discarding') return;
    if (this.#arrival === 'ended') {
      this.#kept.complete();
      return done(undefined);
    }
    this.#taker = 'gathering';
    this.#done = done;
    this.#resume();
  }

  /** The body from its beginning, for one attempt. Undefined when something was let go. What was opened before is over. */
  open(): RequestBody | Buffer | undefined {
    if (this.isGone) return undefined;
    const { whole } = this.#kept;
    if (whole !== undefined) return whole;
    const before = this.#taker;
    const reader = new RequestBody(this, this.#kept.all);
    this.#taker = reader;
    this.#done = undefined;
    if (this.#arrival === 'coming') this.source.pause();
    // What carries it learns of the error when it reads, as it would of any other.
    else if (this.#arrival === 'failed') reader.letRead();
    if (before instanceof RequestBody) before.destroy();
    return reader;
  }

  /**
   * The attempt that has opened it is on a connection. Nothing is read before, so that a body of any size can still be sent to another backend
   * when the first cannot be reached.
   */
  begin(): void {
    if (this.#kept.whole !== undefined) this.#kept.allSent(this.bytes);
    else if (this.#taker instanceof RequestBody) this.#taker.begin();
  }

  /** Keeps nothing any more: no other attempt will follow. One that reads it may go on. */
  release(): void {
    this.#kept.letGo();
    if (this.#taker instanceof RequestBody || this.#taker === 'discarding') return;
    this.#taker = 'discarding';
    this.#done = undefined;
    if (this.#arrival === 'coming' && !this.source.destroyed) this.source.resume();
  }

  /** Keeps a copy of up to `limit` bytes; `done` gets the whole body at its end, or nothing when it was larger or broke. */
  keepCopy(limit: number, done: (body: Buffer | undefined) => void): void {
    const copy = new BodyCopy(limit, done);
    const before = this.#kept.all;
    if (this.#kept.isGone) return copy.fail();
    if (before !== undefined) copy.add(before);
    if (this.ended) copy.complete();
    else this.#copy = copy;
  }

  passedAll(reader: RequestBody): void {
    if (reader === this.#taker) this.#kept.allSent(this.bytes);
  }

  supply(reader: RequestBody): void {
    if (reader !== this.#taker) return;
    if (this.#failure !== undefined) reader.fail(this.#failure);
    else if (this.#arrival === 'ended') reader.finish();
    else this.#resume();
  }

  left(reader: RequestBody): void {
    if (reader !== this.#taker) return;
    this.#taker = this.#kept.isGone ? 'discarding' : 'idle';
    if (this.#arrival !== 'coming' || this.source.destroyed) return;
    if (this.#taker === 'idle') this.source.pause();
    else this.source.resume();
  }

  #resume(): void {
    if (this.#arrival === 'unread') this.#listen();
    this.source.resume();
  }

  #listen(): void {
    this.#arrival = 'coming';
    this.source.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#listenForEnd();
  }

  #listenForEnd(): void {
    const { source } = this;
    const close = (): void => this.#close();
    source.on('end', () => this.#end());
    source.on('close', close);
    source.on('error', close);
  }

  #take(chunk: Buffer): void {
    if (this.#arrival !== 'coming') return;
    this.bytes += chunk.length;
    this.#copy?.add(chunk);
    if (this.limit > 0 && this.bytes > this.limit) {
      return this.#fail(bodyTooLarge(this.limit, formatSize(this.limit)));
    }
    const taker = this.#taker;
    if (taker instanceof RequestBody) return this.#give(taker, chunk);
    if (taker === 'discarding') return;
    this.#kept.add(chunk);
    if (taker === 'gathering') return;
    this.source.pause();
    if (taker === 'showing') this.#tell(undefined, 'idle');
  }

  #give(reader: RequestBody, chunk: Buffer): void {
    if (reader.takesAtOnce) {
      this.#kept.sent(chunk, this.bytes);
      return reader.pass(chunk);
    }
    this.#kept.add(chunk);
    reader.wait(chunk);
    if (reader.waiting >= mostWaiting) this.source.pause();
  }

  #end(): void {
    this.completeAt ||= performance.now();
    this.watcher?.bodyEnded();
    if (this.#arrival === 'failed') return;
    this.#arrival = 'ended';
    this.#copy?.complete();
    const taker = this.#taker;
    if (taker instanceof RequestBody) return taker.finish();
    if (taker === 'gathering') this.#kept.complete();
    if (taker === 'gathering' || taker === 'showing') this.#tell(undefined, 'idle');
  }

  #close(): void {
    if (!this.source.complete) this.#fail(new GatewayError('CLIENT_ABORTED'));
  }

  #fail(error: GatewayError): void {
    if (this.#arrival === 'failed') return;
    this.#arrival = 'failed';
    this.#failure = error;
    this.#kept.letGo();
    this.#copy?.fail();
    if (!this.source.destroyed) this.source.resume();
    const taker = this.#taker;
    if (!(taker instanceof RequestBody)) return this.#tell(error, 'discarding');
    this.#taker = 'discarding';
    taker.fail(error);
  }

  /** Ends `showing` or `gathering`. */
  #tell(error: GatewayError | undefined, next: 'idle' | 'discarding'): void {
    const done = this.#done;
    this.#taker = next;
    this.#done = undefined;
    done?.(error);
  }
}
