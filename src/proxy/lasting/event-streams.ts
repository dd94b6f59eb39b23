import type { GatewayError } from '../../http/gateway-error.js';
import type { Loan } from '../../http/loan.js';
import type { RawHeaders } from '../../fields/raw-headers.js';
import type { Protocol } from '../../http/request-info.js';
import type { LiveBackend } from '../../upstream/live-backend.js';
import type { Upstream } from '../../upstream/upstream.js';
import type { ListenerInfo } from '../client/listener-info.js';
import type { Responder } from '../client/responder.js';
import type { Places } from './places.js';
import type { UnderWay } from './under-way.js';

/** Settings of the event streams of a route. Times in milliseconds; 0 = off. */
export interface EventStreamSettings {
  readonly heartbeat: number;
  readonly idleTimeout: number;
  /** A stream whose backend dies goes on at another one. */
  readonly resume: boolean;
  /** Longest wait between two tries to go on, in milliseconds. For tests: no configuration sets it. Default 5,000. */
  readonly longestWait?: number;
  /** The route's own places, or those that all routes without a limit of their own share. */
  readonly places: Places;
}

/** An event stream that an exchange carries, from its head until the exchange is over; its attempts may come and go. */
export interface EventStream {
  /** Complete events that the client was sent; undefined where they cannot be read. */
  readonly events: number | undefined;
  /** How often it has gone on at another backend. */
  readonly resumes: number;
  /** A piece of the body. False: stop reading until the attempt is told to resume. Without a `loan` it stays as it is. */
  data(chunk: Buffer, loan?: Loan): boolean;
  /** The response has come to its end. */
  end(trailers: RawHeaders | undefined): void;
  /** The attempt under way has failed, or none could be made. False: nothing can be done, and the exchange must fail. */
  failed(error: GatewayError): boolean;
  /** An attempt to go on with the stream was answered. */
  rejoin(source: StreamSource, status: number, headers: RawHeaders): void;
  /** The exchange is over. Called once. */
  closed(): void;
}

/** The answer of a backend that feeds an event stream: one attempt of the exchange. */
export interface StreamSource {
  readonly backend: LiveBackend;
  /** Reads the backend on, after `data` has returned false. */
  resume(): void;
  /** From now on so many milliseconds may pass between two pieces of the answer; 0 = any number. */
  setIdleTimeout(milliseconds: number): void;
  /**
   * The answer may last for days. Its backend has shown what it can, so the circuit's only trial does not wait for the end; and the place that
   * others wait for is given on, since the stream has a connection to the backend of its own. Called once.
   */
  outlast(): void;
  /** Ends the answer, which has been good so far: the client needs no more of it. */
  leave(): void;
  /** Lets go of an answer that has just begun, and that the client does not get. */
  drop(): void;
  /** The same, and the exchange goes on as after any attempt that failed with this error. */
  decline(error: GatewayError): void;
  /** Ends the answer in its middle with an error of the backend. */
  breakOff(error: GatewayError): void;
}

/** Makes further attempts for a stream that has lost its source. */
export interface StreamSupply {
  readonly upstream: Upstream;
  /** Takes leave of the retry budget for one more attempt. */
  mayRetry(): boolean;
  /** Makes another attempt. Its answer comes to the stream's `rejoin`; its error, or that there was no backend, to `failed`. */
  next(): void;
  /** Other backends come before this one. */
  avoid(backend: LiveBackend): void;
  /** Of the backends to be avoided only the last one is left. */
  avoidOnlyLast(): void;
  /** All available backends are to be avoided: it makes no difference any more. */
  readonly exhausted: boolean;
}

/** The part of an exchange that its event stream reads and writes. */
export interface StreamExchange {
  readonly id: string;
  readonly clientIp: string;
  readonly path: string;
  readonly method: string;
  readonly status: number;
  /** The client asks for an event stream by name. */
  readonly wantsEvents: boolean;
  readonly hasBody: boolean;
  readonly listenerInfo: ListenerInfo;
  readonly responder: Responder;
  readonly error: GatewayError | undefined;
  readonly plan: { readonly name: string; readonly sse: EventStreamSettings } | undefined;
  protocol: Protocol;
  /** The stream that its response is. */
  stream: EventStream | undefined;
  /** Where it has taken a place, which it leaves when it is over. */
  places: Places | undefined;
  bytesOut: number;
  /** What the stream waits for; given up when the exchange fails. */
  underWay: UnderWay | undefined;
  setRequestHeader(name: string, value?: string): void;
  fail(error: GatewayError): void;
}

/** Takes over the responses that are event streams. */
export abstract class EventStreams {
  /** Makes a response the stream of its exchange. Its head is on its way to the client, with these fields. */
  abstract open(exchange: StreamExchange, source: StreamSource, supply: StreamSupply, headers: RawHeaders): void;
}
