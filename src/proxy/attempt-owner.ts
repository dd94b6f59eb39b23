import type { GatewayError } from '../http/gateway-error.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import type { ClientMemory } from './client/memory-share.js';
import type { Exchange } from './exchange.js';
import type { EventStreams, StreamSupply } from './lasting/event-streams.js';
import type { ForwardRoute } from './plan/forward-route.js';

/** An attempt whose answer has begun. */
interface AnsweredAttempt {
  readonly backend: LiveBackend;
  /** Tells the breaker of the answer, before its end. */
  judge(): void;
  /** Lets go of the answer: the client does not get it. */
  drop(): void;
}

/** Who makes the attempts of an exchange, and decides what follows one that is no answer for the client. */
export interface AttemptOwner extends StreamSupply {
  readonly exchange: Exchange;
  readonly route: ForwardRoute;
  /** Who takes over a response that is an event stream. */
  readonly streams: EventStreams;
  /** Where answers may wait for their clients. */
  readonly memory: ClientMemory;
  /** After this error the exchange will be tried on a backend that has not been. */
  triesElsewhere(backend: LiveBackend, error: GatewayError): boolean;
  /** An attempt on the backend has ended with an error, and is settled. */
  failed(backend: LiveBackend, error: GatewayError, stale: boolean): void;
  /** The same for one of two that were under way: the other goes on. */
  lost(backend: LiveBackend, error: GatewayError, stale: boolean): void;
  /** A response with this status of 400 or more has begun. True: it was dropped, and another attempt follows. */
  declines(attempt: AnsweredAttempt, status: number): boolean;
}
