import type { UnderWay } from '../proxy/lasting/under-way.js';
import type { RandomSource } from '../random/random-source.js';

/** Tries in a row that bring no new event before a stream is given up. */
const maxTries = 10;

/** Milliseconds: the wait before the first try, which doubles with each, and what it grows to. */
const firstWait = 100;
const longestWait = 5_000;

/** Milliseconds after which a stream has lasted: its next loss counts as the first. */
const lasting = 5_000;

/** Milliseconds that a stream may ask for by its `retry` field. */
const maxRetry = 60_000;

/** A value that a field may have (RFC 9110 §5.5). */
const sendable = /^[\t\x20-\x7e\x80-\xff]*$/;

/** True for an event id that can stand in a `Last-Event-ID` field. `id`: bytes as Latin-1. */
export function isSendable(id: string | undefined): boolean {
  return id === undefined || sendable.test(id);
}

/**
 * The tries to go on with one event stream: how many there may be, and how long each waits. The waits grow until a backend has kept the
 * stream up for a while, so that a backend that sends an event and dies, again and again, is not asked ten times a second by each client.
 */
export class Resumption implements UnderWay {
  #tries = 0;
  /** Losses since it has lasted. */
  #losses = 0;
  #joinedAt: number | undefined = performance.now();
  #hasLasted = false;
  #timer: NodeJS.Timeout | undefined;

  /** `retry` is called when the wait before a try is over. */
  constructor(
    private readonly stream: { retry(): void },
    private readonly random: RandomSource,
    private readonly longest: number = longestWait,
  ) {}

  /** Tries in a row that have brought nothing. */
  get tries(): number {
    return this.#tries;
  }

  /** It had lasted before its last loss. The next try then needs no retry budget: it costs no more than the client's own reconnecting would. */
  get hasLasted(): boolean {
    return this.#hasLasted;
  }

  /** A backend has taken the stream on. */
  joined(): void {
    this.#joinedAt = performance.now();
  }

  /** Milliseconds to wait before the next try; undefined: there may be none. `asked`: what the stream has asked for. */
  next(asked: number | undefined): number | undefined {
    this.#hasLasted = this.#joinedAt !== undefined && performance.now() - this.#joinedAt >= lasting;
    this.#joinedAt = undefined;
    if (this.#hasLasted) this.#losses = 0;
    if (this.#tries === maxTries) return undefined;
    this.#tries++;
    const wait = this.#delay(this.#losses++);
    return asked === undefined ? wait : Math.max(wait, Math.min(asked, maxRetry));
  }

  /** Begins a wait. */
  wait(milliseconds: number): void {
    this.#timer = setTimeout(() => this.stream.retry(), milliseconds);
  }

  /** Waits once more as long as for the last try, which the retry budget does not allow yet. */
  waitOn(): void {
    this.wait(this.#delay(Math.max(0, this.#losses - 1)));
  }

  /** Ends a wait. */
  giveUp(): void {
    clearTimeout(this.#timer);
  }

  /** An event has come. */
  succeeded(): void {
    this.#tries = 0;
  }

  #delay(losses: number): number {
    return Math.min(this.longest, firstWait * 2 ** losses) * (0.5 + this.random() / 2);
  }
}
