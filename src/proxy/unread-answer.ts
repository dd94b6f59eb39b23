import { GatewayError } from '../http/gateway-error.js';
import type { Exchange } from './exchange.js';
import { overtime } from './client/overtime.js';
import { Borrowed, type MemoryShare } from './client/memory-share.js';
import type { HeldAnswer, UnreadAnswers } from './target/unread-answers.js';

/** Bytes of one answer that may wait in memory for its client. */
const maxAhead = 1024 * 1024;

/** What an answer comes from. */
interface Source {
  /** Reads the backend on. */
  goOn(): void;
}

/** The answer of an attempt, once its client has not kept up with the backend. */
export class UnreadAnswer implements HeldAnswer {
  /** The backend is not read any further. */
  #paused = false;
  /** Bytes that may wait in memory for the client. */
  #memory = 0;
  /** How many of those are left for what comes before the client has read all that waits. */
  #left = 0;

  constructor(
    private readonly exchange: Exchange,
    private readonly answers: UnreadAnswers,
    private readonly memory: MemoryShare,
    private readonly source: Source,
  ) {}

  /** A piece has come, and more waits for the client than should. True: the backend is to be read on all the same. */
  goesOn(bytes: number): boolean {
    this.#left -= bytes;
    if (this.#left > 0) return true;
    if (!this.#paused) {
      this.#paused = true;
      this.answers.paused(this);
    }
    return false;
  }

  /** The client has read all that waited. */
  drained(): void {
    this.#left = this.#memory;
    this.over();
  }

  /** Nothing more of it comes. */
  over(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.answers.flows(this);
  }

  readOn(): boolean {
    if (this.#memory > 0) return false;
    const { exchange } = this;
    const { length } = exchange.responder;
    // One byte more than is to come, so that nothing keeps its end back.
    const bytes = length < 0 ? maxAhead : Math.min(maxAhead, length - exchange.bytesOut + 1);
    if (!(exchange.borrowed ??= new Borrowed()).take(this.memory, bytes)) return false;
    this.#memory = this.#left = bytes;
    this.#paused = false;
    this.source.goOn();
    return true;
  }

  cut(milliseconds: number): void {
    const reason = `read nothing for ${Math.round(milliseconds)} ms while others waited for the backend`;
    this.exchange.fail(overtime(new GatewayError('CLIENT_ABORTED', undefined, reason), 'unread', milliseconds));
  }
}
