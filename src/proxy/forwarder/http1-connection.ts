import type { Socket } from 'node:net';
import { RawHeaders } from '../../fields/raw-headers.js';
import type { Loan } from '../../http/loan.js';
import type { Fault } from '../../http1/fault.js';
import type { MessageReceiver, ReadingRules } from '../../http1/message-reader.js';
import { ResponseReader } from '../../http1/response-reader.js';
import type { Timed } from './deadlines.js';
import { refusesWrites } from './refused-writes.js';

/** Milliseconds before its end in which a backend may close a connection that a request is just coming to. */
const onTheWay = 1_000;

/** What a connection carries: one request and the response to it. */
export interface Carried {
  /** The head of a response has come, an interim one too. */
  headRead(reader: ResponseReader): void;
  /** A piece of the body, on the connection's `loan`. */
  bodyRead(piece: Buffer): void;
  /** All that has come was read, and the response is not whole. */
  waits(): void;
  /** The response is whole. `hasRest`: more has come behind it, which answers no request. */
  responseRead(trailers: RawHeaders, hasRest: boolean): void;
  /** The protocol was switched; `rest` came behind the head. */
  switched(rest: Buffer): void;
  /** What has come is not a response, or its end has not come. */
  faulty(fault: Fault): void;
  /** The connection is gone. */
  lost(error: Error | undefined): void;
  /** The connection takes more of the request. */
  drained(): void;
}

/** Wants to know of connections that carry nothing. */
export interface ConnectionOwner {
  /** An unused connection is of no use any more. */
  closed(connection: Http1Connection): void;
}

/** One connection to a backend, on which requests follow each other. */
export class Http1Connection implements MessageReceiver, Timed {
  /** When it has been unused for too long. */
  deadline = 0;
  slot = -1;
  /** Exchanges that it has carried to their end. */
  served = 0;
  /** Bytes that have come on it. */
  received = 0;
  carried: Carried | undefined;
  /** Its socket is that of a tunnel from now on. */
  isHandedOver = false;
  /** Called when its socket is handed over. */
  onHandOver: (() => void) | undefined;
  readonly #reader: ResponseReader;
  #isWhole = false;
  #trailers: RawHeaders = [];
  #isGone = false;

  constructor(
    readonly socket: Socket,
    rules: ReadingRules,
    private readonly owner: ConnectionOwner,
    /** Comes with the pieces of bodies. Undefined: they lie in buffers of their own. */
    readonly loan?: Loan,
  ) {
    this.#reader = new ResponseReader(rules);
    this.#reader.serve(this);
  }

  /** It can carry a request. */
  get isUsable(): boolean {
    return !this.#isGone && !this.socket.destroyed && this.socket.writable && !refusesWrites(this.socket);
  }

  /** The end of the connection is the end of the body that is being read. */
  get endsWithConnection(): boolean {
    return this.#reader.framing === 'until-close';
  }

  /** The response that was read last lets another request follow. */
  get isPersistent(): boolean {
    return this.#reader.isPersistent && !this.endsWithConnection;
  }

  /**
   * Milliseconds for which the backend keeps it unused, by what it said last (`Keep-Alive`, RFC 2068 §19.7.1), less the time that a request may be under
   * way; 0 or less: it is not worth keeping. Infinity where the backend says nothing.
   */
  get keptFor(): number {
    const said = RawHeaders.get(this.#reader.fields, 'keep-alive');
    const seconds = said === undefined ? null : /(?:^|[,\s])timeout=(\d+)/i.exec(said);
    if (seconds === null) return Infinity;
    return Number(seconds[1]) * 1_000 - onTheWay;
  }

  /** Gives it a request to carry; `isBodiless`: what answers it has no body, also where its fields announce one. */
  carry(carried: Carried, isBodiless: boolean): void {
    this.deadline = 0;
    this.carried = carried;
    this.#reader.isBodiless = isBodiless;
  }

  /** What it has carried is over, and it may carry the next. */
  free(): void {
    this.served++;
    this.carried = undefined;
  }

  /** Hands its socket over, with the protocol switched: from now on it reads nothing. */
  handOver(): void {
    this.#reader.stop();
    this.isHandedOver = true;
    this.onHandOver?.();
    this.#gone();
  }

  /** Closes it. What it carries is told nothing. */
  close(): void {
    this.carried = undefined;
    this.#reader.stop();
    this.socket.destroy();
    this.#gone();
  }

  /** It has been unused for too long. */
  late(): void {
    this.close();
  }

  /** Bytes have come. */
  read(chunk: Buffer): void {
    const { carried } = this;
    if (carried === undefined) {
      // Nothing was asked: it would be taken for the answer to the next request.
      if (!this.#isGone) this.close();
      return;
    }
    this.received += chunk.length;
    const reader = this.#reader;
    const at = reader.read(chunk);
    if (this.carried !== carried) return;
    if (reader.fault !== undefined) carried.faulty(reader.fault);
    else if (this.isHandedOver) this.#switch(carried, chunk.subarray(at));
    else if (this.#isWhole) this.#finish(carried, at < chunk.length);
    else carried.waits();
  }

  /** The backend sends nothing more. */
  ended(): void {
    const { carried } = this;
    if (this.#isGone) return;
    if (carried === undefined) return this.close();
    const reader = this.#reader;
    // Not a word of the answer: as if the connection were closed.
    if (reader.isIdle) return this.lost(undefined);
    reader.end();
    if (this.carried !== carried) return;
    if (reader.fault !== undefined) carried.faulty(reader.fault);
    else if (this.#isWhole) this.#finish(carried, true);
  }

  /** The connection is closed, or of no use any more. */
  lost(error: Error | undefined): void {
    const { carried } = this;
    this.carried = undefined;
    this.#gone();
    carried?.lost(error);
  }

  /** It takes more to write. */
  drained(): void {
    this.carried?.drained();
  }

  headRead(): void {
    this.carried?.headRead(this.#reader);
  }

  bodyRead(piece: Buffer): void {
    this.carried?.bodyRead(piece);
  }

  messageRead(trailers: RawHeaders): void {
    this.#isWhole = true;
    this.#trailers = trailers;
  }

  #switch(carried: Carried, rest: Buffer): void {
    this.carried = undefined;
    carried.switched(rest);
  }

  #finish(carried: Carried, hasRest: boolean): void {
    const trailers = this.#trailers;
    this.#isWhole = false;
    carried.responseRead(trailers, hasRest);
  }

  #gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.owner.closed(this);
  }
}
