import type { Loan } from '../http/loan.js';
import type { EventStreamCounts } from '../metrics/stream-metrics.js';
import type { StreamExchange } from '../proxy/lasting/event-streams.js';
import { HeldEvent } from './held-event.js';

const comment = Buffer.from(':\n\n');
const bom = Buffer.from([0xef, 0xbb, 0xbf]);

/** Bytes of one event that are held until it is complete; a larger one passes as it comes. */
const maxHeld = 1024 * 1024;

/** The client's side of an event stream: writes pieces at once, or, where a half event may have to be dropped, whole events only. */
export class EventWriter {
  /** The client does not read. */
  paused = false;
  /** The client has got a part of the event that is still coming. */
  exposed = false;
  /** On the clock of `performance.now()`. */
  writtenAt = performance.now();
  readonly #held = new HeldEvent();
  /** The next bytes begin another stream behind what was written already: a byte order mark at their beginning is taken off. */
  #stripsBom = false;

  constructor(
    private readonly exchange: Pick<StreamExchange, 'bytesOut' | 'responder'>,
    private readonly counts: EventStreamCounts,
    /** Events are held back until they are complete. */
    private readonly holds: boolean,
  ) {}

  /**
   * Takes a piece that has come `now`; `boundary`: the offset in it behind the last boundary between events, or -1. False: stop, and go on when there is
   * room.
   */
  pass(chunk: Buffer, boundary: number, now: number, loan?: Loan): boolean {
    if (!this.holds) return this.#write(this.#withoutBom(chunk), now, loan);
    if (boundary < 0) return this.#hold(chunk, now, loan);
    const complete = boundary < chunk.length ? chunk.subarray(0, boundary) : chunk;
    const flows = this.#writeHeldAnd(complete, now, loan);
    this.exposed = false;
    return boundary < chunk.length ? this.#hold(chunk.subarray(boundary), now, loan) : flows;
  }

  /** Writes a comment, as a sign of life. */
  beat(): void {
    this.counts.heartbeats.pending++;
    if (this.exchange.bytesOut === 0) this.#stripsBom = true;
    this.#write(comment, performance.now());
  }

  /** The stream has come to its end: writes what was held back. */
  flush(): void {
    this.#write(this.#held.take(), performance.now());
  }

  /** Drops what was held back: what comes next is the beginning of another stream. */
  restart(): void {
    this.#held.clear();
    this.#stripsBom = true;
  }

  /** Writes what was held back, and this behind it. */
  #writeHeldAnd(chunk: Buffer, now: number, loan: Loan | undefined): boolean {
    if (this.#held.length === 0) return this.#write(this.#withoutBom(chunk), now, loan);
    this.#held.add(chunk);
    return this.#write(this.#withoutBom(this.#held.take()), now);
  }

  #hold(chunk: Buffer, now: number, loan: Loan | undefined): boolean {
    if (this.exposed) return this.#write(chunk, now, loan);
    this.#held.add(chunk);
    if (this.#held.length <= maxHeld) return !this.paused;
    this.exposed = true;
    return this.#write(this.#withoutBom(this.#held.take()), now);
  }

  #withoutBom(chunk: Buffer): Buffer {
    if (!this.#stripsBom) return chunk;
    this.#stripsBom = false;
    return chunk.subarray(0, 3).equals(bom) ? chunk.subarray(3) : chunk;
  }

  #write(chunk: Buffer, now: number, loan?: Loan): boolean {
    if (chunk.length === 0) return !this.paused;
    const { exchange, counts } = this;
    exchange.bytesOut += chunk.length;
    counts.bytes.pending += chunk.length;
    this.writtenAt = now;
    const flows = exchange.responder.write(chunk, loan);
    this.paused = !flows;
    return flows;
  }
}
