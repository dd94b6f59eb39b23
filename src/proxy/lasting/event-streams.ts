import type { GatewayError } from '../../http/gateway-error.js';
import type { RawHeaders } from '../../http/raw-headers.js';
import type { Attempt } from '../attempt.js';
import type { Places } from './places.js';

/** What holds for the event streams of a route. Milliseconds; 0 = off. */
export interface EventStreamSettings {
  readonly heartbeat: number;
  readonly idleTimeout: number;
  /** A stream whose backend dies goes on at another one. */
  readonly resume: boolean;
  /** Milliseconds that the wait between two tries to go on grows to. No configuration has it. Default 5,000. */
  readonly longestWait?: number;
  /** The route's own, or those that routes without a limit of their own share. */
  readonly places: Places;
}

/** An event stream that an exchange carries, from its head until the exchange is over; its attempts may come and go. */
export interface EventStream {
  /** Complete events that the client was sent; undefined where they cannot be read. */
  readonly events: number | undefined;
  /** How often it has gone on at another backend. */
  readonly resumes: number;
  /** A piece of the body. False: stop reading until the attempt is told to resume. */
  data(chunk: Buffer): boolean;
  /** The response has come to its end. */
  end(trailers: RawHeaders | undefined): void;
  /** The attempt under way has failed, or none could be made. False: nothing can be done, and the exchange must fail. */
  failed(error: GatewayError): boolean;
  /** An attempt to go on with the stream was answered. */
  rejoin(attempt: Attempt, status: number, headers: RawHeaders): void;
  /** The exchange is over. Called once. */
  closed(): void;
}

/** Takes over the responses that are event streams. */
export abstract class EventStreams {
  /** Makes a response the stream of its exchange. Its head is on its way to the client, with these fields. */
  abstract open(attempt: Attempt, headers: RawHeaders): void;
}
