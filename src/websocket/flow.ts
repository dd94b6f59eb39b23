import type { Duplex } from 'node:stream';
import { joinPieces } from '../http/joined-readable.js';
import { JoinedWrites } from '../http/joined-writes.js';
import type { FrameFault, FrameObserver } from './frame-observer.js';

/** Whom a flow tells what it meets. */
export interface FlowOwner {
  /** A frame has begun or, where frames are not known, bytes have come. */
  moved(): void;
  /** The source has sent its Close frame. */
  farewell(flow: Flow): void;
  /** A Close frame of the gateway's own is the last that the sink gets. */
  closeSent(flow: Flow): void;
  /**
   * What the source sends is no WebSocket the gateway goes on with. Nothing of it is passed on any more. `isOpen`: the sink has
   * seen whole frames only and no Close, so that one may follow.
   */
  faulted(flow: Flow, fault: FrameFault, isOpen: boolean): void;
  /** The source sends nothing more: it said so (FIN), or it has gone. */
  ended(flow: Flow, error: Error | undefined): void;
}

/**
 * One direction of a tunnel. Bytes pass as they come, with back-pressure; the observer only looks at them, to know where frames
 * end: a frame of the gateway's own may stand between two others, and nowhere else. The header of a frame passes when it is whole
 * and was found good, so that whoever gets the beginning of a frame gets all of it.
 */
export class Flow {
  /** Bytes that have come from the source. */
  bytes = 0;
  /** The source sends nothing more. */
  isEnded = false;
  /** Nothing more of the source reaches the sink. */
  isMuted = false;
  /** The source has broken the rules: nothing that it says counts any more. */
  hasBroken = false;
  /** What stands where the source begins its next frame. */
  #waiting: Buffer | undefined;
  #isLast = false;
  /** The beginning of a header, until it is whole. */
  #head: Buffer | undefined;
  readonly #writes: JoinedWrites;

  constructor(
    readonly source: Duplex,
    readonly sink: Duplex,
    readonly observer: FrameObserver | undefined,
    private readonly owner: FlowOwner,
  ) {
    this.#writes = new JoinedWrites(sink);
  }

  /** Begins with what has come behind the head of the handshake. */
  start(head: Buffer): void {
    const { source, sink } = this;
    joinPieces(source);
    source
      .on('data', (chunk: Buffer) => this.#pass(chunk))
      .on('end', () => this.#end(undefined))
      .on('error', (error: Error) => this.#end(error))
      .on('close', () => this.#end(undefined));
    sink.on('drain', () => source.resume());
    if (head.length > 0) this.#pass(head);
    source.resume();
    // Nobody would be told of its end any more.
    if (source.destroyed) process.nextTick(() => this.#end(undefined));
  }

  /** Puts a frame between two of the source's. False: there is no place for it any more. */
  inject(frame: Buffer, isLast: boolean): boolean {
    const { observer, sink } = this;
    if (observer === undefined || observer.closed || this.isMuted || !sink.writable) return false;
    // One that does not read gets no more of what can be left out.
    if (!isLast && (sink.writableNeedDrain || this.#writes.length > 0)) return false;
    if (observer.atBoundary || this.#head !== undefined) {
      this.#writes.write(frame);
      if (isLast) this.#mute();
      return true;
    }
    // Whoever ends within a frame cannot be followed by another.
    if (this.isEnded) return false;
    if (!this.#isLast) this.#waiting = frame;
    this.#isLast ||= isLast;
    return true;
  }

  /** Ends the sink's side, behind all that was written to it. */
  end(done?: () => void): void {
    this.#writes.flush();
    this.sink.end(done);
  }

  /** The sink has gone: what still comes is read, and thrown away. */
  discard(): void {
    this.isMuted = true;
    this.source.resume();
  }

  #pass(chunk: Buffer): void {
    this.bytes += chunk.length;
    const { observer } = this;
    if (observer === undefined) {
      if (this.isMuted) return;
      this.owner.moved();
      this.#write(chunk);
      return;
    }
    const { frames } = observer;
    observer.read(chunk);
    if (observer.frames !== frames) this.owner.moved();
    if (!this.isMuted) this.#relay(chunk, observer);
    if (observer.fault !== undefined && !this.hasBroken) {
      const isOpen = !this.isMuted;
      this.hasBroken = true;
      this.isMuted = true;
      this.owner.faulted(this, observer.fault, isOpen);
    } else if (observer.closed) {
      // Nothing may follow a Close, and the sink may have ended when it does.
      this.isMuted = true;
      this.owner.farewell(this);
    }
  }

  #relay(chunk: Buffer, observer: FrameObserver): void {
    const { closed, fault, faultAt, firstBoundary, headAt } = observer;
    let from = 0;
    const to = fault !== undefined ? faultAt : headAt === -1 ? chunk.length : headAt;
    if (this.#head !== undefined && to > 0) {
      this.#write(this.#head);
      this.#head = undefined;
    }
    // Nothing may follow a Close.
    if (closed) this.#waiting = undefined;
    if (this.#waiting !== undefined && firstBoundary > 0) {
      from = firstBoundary;
      this.#write(chunk.subarray(0, from));
      this.#writes.write(this.#waiting);
      this.#waiting = undefined;
      if (this.#isLast) return this.#mute();
    }
    if (from < to) this.#write(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to));
    if (headAt === -1) return;
    const head = chunk.subarray(to);
    this.#head = this.#head === undefined ? head : Buffer.concat([this.#head, head]);
  }

  #write(chunk: Buffer): void {
    if (!this.#writes.write(chunk)) this.source.pause();
  }

  #mute(): void {
    // The answer to the Close must be seen.
    this.discard();
    this.owner.closeSent(this);
  }

  #end(error: Error | undefined): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.owner.ended(this, error);
  }

  /** The Close frame with which a tunnel tells its sink that the source broke the rules; it stands where that frame would have begun. */
  conclude(frame: Buffer): void {
    if (!this.sink.writable) return;
    this.#writes.write(frame);
    this.owner.closeSent(this);
  }
}
