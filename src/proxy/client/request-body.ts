import { Readable } from 'node:stream';
import type { RawHeaders } from '../../fields/raw-headers.js';
import type { GatewayError } from '../../http/gateway-error.js';
import { Pieces } from '../../http/pieces.js';

/** Why a request body ended before its end, in the shape that streams want. */
export class RequestBodyError extends Error {
  constructor(readonly gatewayError: GatewayError) {
    super(gatewayError.detail);
  }
}

/** Where a {@link RequestBody} comes from. */
export interface BodyFeed {
  /** The length that the client declared; undefined for chunked bodies. */
  readonly length: string | undefined;
  /** The trailer fields after a chunked body; complete once it has ended. */
  readonly trailers: RawHeaders;
  /** The reader has passed on all that it was given. */
  passedAll(reader: RequestBody): void;
  /** The reader has passed on all that it was given, and takes more: a piece, the end, or an error. */
  supply(reader: RequestBody): void;
  /** The reader was destroyed, by its carrier or at its end. */
  left(reader: RequestBody): void;
}

/**
 * ```
 *           begin     carrier reads   push says stop   end, error, destroyed   letRead
 * held    → wanting   (stays)                        → over                  → full
 * wanting   (stays)   (stays)       → full           → over
 * full    → wanting → wanting                        → over
 * over      (stays)   (stays)         (stays)          (stays)
 * ```
 */
type State =
  /** The attempt is not on a connection: what comes waits, so that a backend that cannot be reached costs nothing of it. */
  | 'held'
  /** What comes is passed on at once. */
  | 'wanting'
  /** The carrier has as much as it wants: what comes waits. */
  | 'full'
  | 'over';

/**
 * A client's body on its way to one backend, for one attempt. A stream of its own, since what carries it may destroy it, and destroying an
 * `IncomingMessage` closes the client's connection. What waits is joined: a client may cut its body into pieces of one byte.
 */
export class RequestBody extends Readable {
  #state: State = 'held';
  #waiting: Pieces | undefined;

  /** `before`: what has come already. */
  constructor(
    private readonly feed: BodyFeed,
    before?: Buffer,
  ) {
    // One piece at a time: what waits is joined here, and would not be in the stream's own queue.
    super({ highWaterMark: 1 });
    // Without a listener an error would end the process; what carries the body adds its own.
    this.on('error', () => {});
    if (before !== undefined && before.length > 0) this.wait(before);
  }

  /** The length that the client declared; undefined for chunked bodies. */
  get length(): string | undefined {
    return this.feed.length;
  }

  /** The trailer fields after a chunked body; complete once the stream has ended. */
  get trailers(): RawHeaders {
    return this.feed.trailers;
  }

  /** A piece that comes now can be passed on at once. */
  get takesAtOnce(): boolean {
    return this.#state === 'wanting' && this.waiting === 0;
  }

  /** Bytes that wait for the carrier. */
  get waiting(): number {
    return this.#waiting === undefined ? 0 : this.#waiting.length;
  }

  /** There is nothing to be held back: the carrier may read before the attempt is on a connection. */
  letRead(): void {
    if (this.#state === 'held') this.#state = 'full';
  }

  /** The attempt is on a connection. */
  begin(): void {
    if (this.#state === 'over') return;
    this.#state = 'wanting';
    this.#flow();
  }

  /** Passes a piece on; only where {@link takesAtOnce}. */
  pass(chunk: Buffer): void {
    if (!this.push(chunk) && this.#state === 'wanting') this.#state = 'full';
  }

  /** Takes a piece that is passed on when the carrier wants it. */
  wait(chunk: Buffer): void {
    if (this.#state !== 'over') (this.#waiting ??= new Pieces()).add(chunk);
  }

  /** Nothing more will come. Does nothing while something waits, or nothing was begun: the feed is asked once more then. */
  finish(): void {
    if (this.#state === 'held' || this.#state === 'over' || this.waiting > 0) return;
    this.#state = 'over';
    this.push(null);
  }

  /** The body has broken. */
  fail(error: GatewayError): void {
    this.destroy(new RequestBodyError(error));
  }

  override _read(): void {
    if (this.#state === 'held' || this.#state === 'over') return;
    this.#state = 'wanting';
    this.#flow();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#state = 'over';
    this.#waiting = undefined;
    this.feed.left(this);
    callback(error);
  }

  /** Passes on what waits while the carrier wants it, and asks for more. */
  #flow(): void {
    while (this.#state === 'wanting' && this.waiting > 0) {
      const piece = this.#waiting!.shift()!;
      if (this.waiting === 0) this.feed.passedAll(this);
      this.pass(piece);
    }
    // Also where the carrier is full: the next piece may come, and wait.
    if (this.#state !== 'over' && this.waiting === 0) this.feed.supply(this);
  }
}
