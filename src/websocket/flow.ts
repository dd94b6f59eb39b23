import type { Duplex } from 'node:stream';
import { joinPieces } from '../http/joined-readable.js';
import { JoinedWrites } from '../http/joined-writes.js';
import { owned, type Loan } from '../http/loan.js';
import { StreamSink } from '../http/sinks.js';
import { lent, readDirectly } from '../platform/direct-reads.js';
import type { FrameFault, FrameObserver } from './frame-observer.js';

/** The callbacks of a flow. */
export interface FlowOwner {
  /** A frame has begun or, without an observer, bytes have come. */
  moved(): void;
  /** The source has sent its Close frame. */
  farewell(flow: Flow): void;
  /** The gateway's own Close frame has been sent to the sink, which gets nothing more. */
  closeSent(flow: Flow): void;
  /**
   * The source has broken the rules of WebSocket or a limit. Nothing more of it is passed on. `isOpen`: the sink has got whole
   * frames only and no Close, so a Close frame may follow.
   */
  faulted(flow: Flow, fault: FrameFault, isOpen: boolean): void;
  /** The source sends nothing more: it has sent FIN, or its connection is gone. */
  ended(flow: Flow, error: Error | undefined): void;
}

/**
 * One direction of a tunnel. Bytes pass unchanged, with back-pressure; the observer only reads along to know where frames end,
 * because a frame of the gateway may only be inserted between two others. The header of a frame is held back until it is whole
 * and valid, so that the sink never gets the beginning of a frame that is then refused.
 */
export class Flow {
  /** Bytes received from the source. */
  bytes = 0;
  /** The source sends nothing more. */
  isEnded = false;
  /** Nothing more of the source reaches the sink. */
  isMuted = false;
  /** The source has broken the rules: everything that it sends is ignored. */
  hasBroken = false;
  /** A frame of the gateway that waits for the end of the source's current frame. */
  #waiting: Buffer | undefined;
  #isLast = false;
  /** The held-back beginning of a header that is not whole yet. */
  #head: Buffer | undefined;
  readonly #writes: JoinedWrites;

  constructor(
    readonly source: Duplex,
    readonly sink: Duplex,
    readonly observer: FrameObserver | undefined,
    private readonly owner: FlowOwner,
  ) {
    this.#writes = new JoinedWrites(new StreamSink(sink));
  }

  /** Starts. `head`: bytes that came after the handshake. */
  start(head: Buffer): void {
    const { source, sink } = this;
    joinPieces(source);
    readDirectly(source, bytes => this.#pass(bytes, lent));
    source
      .on('data', (chunk: Buffer) => this.#pass(chunk, undefined))
      .on('end', () => this.#end(undefined))
      .on('error', (error: Error) => this.#end(error))
      .on('close', () => this.#end(undefined));
    sink.on('drain', () => source.resume());
    if (head.length > 0) this.#pass(head, undefined);
    source.resume();
    // The source has already emitted its `close`.
    if (source.destroyed) process.nextTick(() => this.#end(undefined));
  }

  /** Inserts a frame between two frames of the source. False: it cannot be inserted any more. */
  inject(frame: Buffer, isLast: boolean): boolean {
    const { observer, sink } = this;
    if (observer === undefined || observer.closed || this.isMuted || !sink.writable) return false;
    // A sink that does not read gets no frames that can be left out.
    if (!isLast && (sink.writableNeedDrain || this.#writes.length > 0)) return false;
    if (observer.atBoundary || this.#head !== undefined) {
      this.#writes.write(frame);
      if (isLast) this.#mute();
      return true;
    }
    // After a source that ended within a frame, no other frame may follow.
    if (this.isEnded) return false;
    if (!this.#isLast) this.#waiting = frame;
    this.#isLast ||= isLast;
    return true;
  }

  /** Ends the sink after all that was written to it. */
  end(done?: () => void): void {
    this.#writes.flush();
    this.sink.end(done);
  }

  /** Reads and discards the rest of the source, because the sink takes nothing more. */
  discard(): void {
    this.isMuted = true;
    this.source.resume();
  }

  #pass(chunk: Buffer, loan: Loan | undefined): void {
    this.bytes += chunk.length;
    const { observer } = this;
    if (observer === undefined) {
      if (this.isMuted) return;
      this.owner.moved();
      this.#write(chunk, loan);
      return;
    }
    const { frames } = observer;
    observer.read(chunk);
    if (observer.frames !== frames) this.owner.moved();
    if (!this.isMuted) this.#relay(chunk, loan, observer);
    if (observer.fault !== undefined && !this.hasBroken) {
      const isOpen = !this.isMuted;
      this.hasBroken = true;
      this.isMuted = true;
      this.owner.faulted(this, observer.fault, isOpen);
    } else if (observer.closed) {
      // Nothing may follow a Close, and the sink may already have ended.
      this.isMuted = true;
      this.owner.farewell(this);
    }
  }

  #relay(chunk: Buffer, loan: Loan | undefined, observer: FrameObserver): void {
    const { closed, fault, faultAt, firstBoundary, headAt } = observer;
    let from = 0;
    const to = fault !== undefined ? faultAt : headAt === -1 ? chunk.length : headAt;
    if (this.#head !== undefined && to > 0) {
      this.#write(this.#head, undefined);
      this.#head = undefined;
    }
    // Nothing may follow a Close.
    if (closed) this.#waiting = undefined;
    if (this.#waiting !== undefined && firstBoundary > 0) {
      from = firstBoundary;
      this.#write(chunk.subarray(0, from), loan);
      this.#writes.write(this.#waiting);
      this.#waiting = undefined;
      if (this.#isLast) return this.#mute();
    }
    if (from < to) this.#write(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to), loan);
    if (headAt === -1) return;
    const head = owned(chunk.subarray(to), loan);
    this.#head = this.#head === undefined ? head : Buffer.concat([this.#head, head]);
  }

  #write(chunk: Buffer, loan: Loan | undefined): void {
    if (!this.#writes.write(chunk, loan)) this.source.pause();
  }

  #mute(): void {
    // Keeps reading, because the source's answer to the Close must be seen.
    this.discard();
    this.owner.closeSent(this);
  }

  #end(error: Error | undefined): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.owner.ended(this, error);
  }

  /** Sends the Close frame that tells the sink that the source broke the rules, in place of the frame at fault. */
  conclude(frame: Buffer): void {
    if (!this.sink.writable) return;
    this.#writes.write(frame);
    this.owner.closeSent(this);
  }
}
