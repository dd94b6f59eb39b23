import { formatSize } from '../config/language/kinds/size.js';
import { GatewayError } from '../http/gateway-error.js';

/** The error of an exchange whose body comes at less than `rate` bytes a second; `reason` is for the log. */
export function tooSlow(reason: string, rate: number): GatewayError {
  const timeout = `limits.minBodyRate ${formatSize(rate)}`;
  const error = new GatewayError('CLIENT_TIMEOUT', 'The request body came too slowly.');
  return error.because(reason, { timeout });
}

/** The state of an exchange whose body is being received. */
export interface Uploading {
  /** Body bytes received so far. */
  readonly bytesIn: number;
  /** The gateway is ready for more of the body, which has not arrived. */
  readonly awaitsBody: boolean;
  /** The client has sent `Expect: 100-continue` (RFC 9110 §10.1.1), and no 100 has been sent yet. */
  readonly withholdsContinue: boolean;
  /** Other exchanges wait for the place at the backend that this one holds while its client sends. */
  readonly isPressed: boolean;
}

/** Milliseconds of waiting in which the rate of a client is not checked. */
export interface Grace {
  readonly usual: number;
  /** The same while other exchanges wait for its place at the backend. */
  readonly pressed: number;
}

/** Long enough for a person who pauses while typing, or a program that computes its data. */
const usualGrace: Grace = { usual: 20_000, pressed: 5_000 };

/** A client that has been fast may pause for this time, in milliseconds. */
const mostCredit = 60_000;

/** A client that waits for a 100 (Continue) must go on without one after this time, in milliseconds. */
const mostPatience = 30_000;

/** The pace of one request's body: bytes against the time in which the gateway waited for them. */
export class Upload {
  /** Milliseconds in which the gateway has waited for the client. */
  waited = 0;
  /** Bytes that count. Bytes ahead of the rate count only up to the bytes of {@link mostCredit} milliseconds. */
  #counted = 0;
  #seen = 0;
  #withheld = 0;
  #isKnown = false;

  constructor(
    /** Bytes a second. */
    private readonly rate: number,
    private readonly grace: Grace = usualGrace,
  ) {}

  /** Whether the client has been too slow, `elapsed` milliseconds after the previous look. */
  isTooSlow(exchange: Uploading, elapsed: number): boolean {
    const { bytesIn } = exchange;
    // The time before the first look does not count, because the upload may have begun just before it.
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
