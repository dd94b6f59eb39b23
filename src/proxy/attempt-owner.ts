import type { GatewayError } from '../http/gateway-error.js';
import type { Attempt } from './attempt.js';
import type { EventStreams } from './lasting/event-streams.js';
import type { Exchange } from './exchange.js';
import type { ClientMemory } from './client/memory-share.js';
import type { ForwardPlan, ForwardRoute } from './plan/route-plan.js';

/** Who decides what follows an attempt that is no answer for the client. */
export interface AttemptOwner {
  /** Who takes over a response that is an event stream. */
  readonly streams: EventStreams;
  /** Where answers may wait for their clients. */
  readonly memory: ClientMemory;
  /** Makes another attempt, on the backend that is the best now. */
  attempt(exchange: Exchange, plan: ForwardPlan, route: ForwardRoute): void;
  /** After this error the exchange will be tried on a backend that has not been. */
  triesElsewhere(attempt: Attempt, error: GatewayError): boolean;
  /** Takes leave of the retry budget for one more attempt. */
  mayRetry(route: ForwardRoute): boolean;
  /** The attempt has ended with an error, and is settled. */
  failed(attempt: Attempt, error: GatewayError, stale: boolean): void;
  /** A response with this status of 400 or more has begun. True: it was dropped, and another attempt follows. */
  declines(attempt: Attempt, status: number): boolean;
}
