import type { Duplex } from 'node:stream';
import type { Loan } from '../../http/loan.js';
import type { GatewayError } from '../../http/gateway-error.js';
import type { RawHeaders } from '../../fields/raw-headers.js';
import type { Backend } from '../../upstream/backend.js';
import type { ClientTie } from '../client/client-tie.js';
import type { ClientMessage } from '../client/client-message.js';
import type { RequestBody } from '../client/request-body.js';

/** One attempt's request, ready to be sent: every header rule is already applied. */
export interface ForwardRequest {
  readonly method: string;
  /** Path and query, or `*`. */
  readonly path: string;
  /** Fields for the backend, `Host` first; `Content-Length` among them when the client declared one, no `Transfer-Encoding`. */
  readonly headers: RawHeaders;
  /** Streamed from the client, or held whole; undefined: the request has no body. */
  readonly body: RequestBody | Buffer | undefined;
  /** The protocol that the connection is to be switched to; `Connection` and `Upgrade` are not among the fields. */
  readonly upgrade?: string | undefined;
  /** What it asks for may last: it gets a connection of its own, which counts against no limit. */
  readonly ownConnection?: boolean;
  /** Set: it goes over a connection that carries nothing but requests with the same tie, and is closed when that ends. */
  readonly tie?: ClientTie | undefined;
  /** The client waits for a 100 (Continue). */
  readonly expectsContinue: boolean;
  /** `TE: trailers` is among the fields: `Connection`, which is not, must name it (RFC 9110 §10.1.4). */
  readonly acceptsTrailers?: boolean;
  /** Milliseconds until a connection must stand, where that is less than the limit of the pool; 0 = the pool's. */
  readonly connectTimeout: number;
  /** Milliseconds until the response head must be there, once the request has been sent; 0 = no limit. */
  readonly responseTimeout: number;
  /** Milliseconds between two chunks of the response body; 0 = no limit. */
  readonly idleTimeout: number;
  /** The client's request as it came, for forwarders that work on that. */
  readonly message?: ClientMessage | undefined;
}

/** What a forwarder tells of its attempt. After `end` or `fail` it tells nothing more. */
export interface AttemptObserver {
  /** The head is being written to a connection: connecting and queueing are over. `at`: on the clock of `performance.now()`; default: now. */
  sent(at?: number): void;
  /** An interim response arrived. */
  informational(status: number, headers: readonly (Buffer | string)[]): void;
  /** The response head arrived; header fields as the backend wrote them. */
  head(status: number, message: string, headers: readonly (Buffer | string)[]): void;
  /** It can handle pieces that lie in a buffer which is read into again. Default: false: it gets copies. */
  readonly takesLoans?: boolean;
  /** A piece of the body. False: stop reading until `resume`. Without a `loan` it is the observer's from now on. */
  data(chunk: Buffer, loan?: Loan): boolean;
  end(trailers: readonly (Buffer | string)[] | undefined): void;
  /**
   * The backend has made the upgrade that was asked for: a 101 with these fields. The connection is handed over, with what came
   * behind the head; nothing more is told.
   */
  upgraded(headers: readonly string[], connection: Duplex, head: Buffer): void;
  /**
   * The attempt is over without a whole response. Never called after `abort`. `stale`: a reused connection was closed before any
   * byte of the answer came, as the backend closes idle ones: no fault of its, and the request was most likely never read. `unsent`: it
   * was closed while the body of the request was still under way, as a backend does that wants no more of it.
   */
  fail(error: GatewayError, stale?: boolean, unsent?: boolean): void;
}

/** The reins of an attempt under way. */
export interface AttemptControl {
  /** Goes on reading the response after `data` has returned false. */
  resume(): void;
  /** From now on so many milliseconds may pass between two chunks of the response body; 0 = any number. */
  setIdleTimeout(milliseconds: number): void;
  /** Gives the attempt up: closes its connection; nothing more is told of it. */
  abort(): void;
}

/** Sends requests to backends. It never throws and never rejects: trouble is told as a value. */
export interface Forwarder {
  forward(request: ForwardRequest, backend: Backend, observer: AttemptObserver): AttemptControl;
  /** Figures of the connections to a backend, for the metrics. */
  connections(backend: Backend): ConnectionFigures;
  /**
   * Another takes its place, or the place of the connections to this backend: no connection is kept for reuse any more. Those in use are closed when
   * their exchanges are over; further attempts still work. Default: unused connections stay until their idle timeout.
   */
  retire?(backend?: Backend): void;
  /** Closes every connection at once. */
  close(): Promise<void>;
}

/** Connections to one backend. */
export interface ConnectionFigures {
  /** Carrying a request. */
  readonly active: number;
  /** Open and unused. */
  readonly idle: number;
  /** Requests that wait for a connection. */
  readonly pending: number;
}
