/** What is asked of the exchange whose body is coming. */
export interface Uploading {
  /** Body bytes that have come. */
  readonly bytesIn: number;
  /** The gateway could take more of the body at once, and has it not. */
  readonly awaitsBody: boolean;
  /** The client was not told to go on, and has said that it waits for that (RFC 9110 §10.1.1). */
  readonly withholdsContinue: boolean;
  /** Others wait for the place at the backend that it holds while its client sends. */
  readonly isPressed: boolean;
}

/** Milliseconds of waiting in which a client may be slower than it must be on average. */
export interface Grace {
  readonly usual: number;
  /** While others wait for its place at the backend. */
  readonly pressed: number;
}

/** Long enough for a pause of somebody who types, or of a program that computes what it sends. */
export const usualGrace: Grace = { usual: 20_000, pressed: 5_000 };

/** A client that has been fast may rest on that for so long, in milliseconds. */
const mostCredit = 60_000;

/** A client that waits for a 100 (Continue) must go on without one after this time, in milliseconds. */
const mostPatience = 30_000;

/** The pace of one request's body: bytes against the time in which the gateway waited for them. */
export class Upload {
  /** Milliseconds in which the gateway has waited for the client. */
  waited = 0;
  /** Bytes that count: those of a fast beginning only as far as they are worth {@link mostCredit}. */
  #counted = 0;
  #seen = 0;
  #withheld = 0;
  #isKnown = false;

  constructor(
    /** Bytes a second. */
    private readonly rate: number,
    private readonly grace: Grace = usualGrace,
  ) {}

  /** Whether the client has been too slow, `elapsed` milliseconds after the look before. */
  isTooSlow(exchange: Uploading, elapsed: number): boolean {
    const { bytesIn } = exchange;
    // It may have begun just before the first look.
    if (this.#isKnown && this.#isWaiting(exchange, elapsed)) this.waited += elapsed;
    this.#isKnown = true;
    const owed = (this.rate * this.waited) / 1000;
    this.#counted = Math.min(this.#counted + bytesIn - this.#seen, owed + (this.rate * mostCredit) / 1000);
    this.#seen = bytesIn;
    if (this.#counted >= owed) return false;
    return this.waited >= (exchange.isPressed ? this.grace.pressed : this.grace.usual);
  }

  #isWaiting({ awaitsBody, withholdsContinue }: Uploading, elapsed: number): boolean {
    if (!awaitsBody) return false;
    if (!withholdsContinue) return true;
    this.#withheld += elapsed;
    return this.#withheld > mostPatience;
  }
}
