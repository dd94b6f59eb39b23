import type { RawHeaders } from '../fields/raw-headers.js';

/** One try of an exchange on one backend. Times on the clock of `performance.now()`. */
export interface Try {
  /** Id of the backend. */
  readonly backend: string;
  readonly startedAt: number;
  /** 0: it is under way, or was given up, or has given the client its answer. */
  endedAt: number;
  /** How it failed: a code of the error table. */
  error?: string | undefined;
  /** The status of an answer that the client did not get. */
  status?: number | undefined;
  /** It met a connection that its backend was just closing. */
  isStale?: boolean | undefined;
}

/** How a try ended without an answer for the client. */
type Ending = Pick<Try, 'error' | 'isStale' | 'status'>;

/** The tries that are kept: an event stream may go on at other backends for months. */
const mostTries = 20;

/** What the log tells of an exchange that has left the straight way; most never do, and have none. */
export class ExchangeTrail {
  /** The last tries, the oldest first; the first one only once it has failed or another has begun. */
  readonly tries: Try[] = [];
  /** Milliseconds in queues before backends. */
  queued = 0;
  isQueued = false;
  /** When the last try that was not the first began; 0: there was none. */
  retriedAt = 0;
  /** A fallback has stood in. */
  fellBack = false;
  /** Why a policy has answered it, where that is a refusal. */
  refusal: string | undefined;
  /** Whether {@link response} is to be kept, for fields of the access log. */
  keepsResponse = false;
  /** The fields of the answer. */
  response: RawHeaders | undefined;

  /** Something failed, and the client was spared it: another try or a fallback has answered. */
  get isSaved(): boolean {
    return this.fellBack || this.tries.some(each => isFailure(each) && each.isStale !== true);
  }

  began(backend: string, startedAt: number): void {
    this.#add({ backend, startedAt, endedAt: 0 });
  }

  /** The try on the backend has ended. `since`: when it began, if it is the first and not known yet. */
  ended(backend: string, endedAt: number, since: number, how: Ending): void {
    const open = this.tries.findLast(each => each.backend === backend && each.endedAt === 0);
    if (open === undefined) this.#add({ backend, startedAt: since, endedAt, ...how });
    else Object.assign(open, how, { endedAt });
  }

  #add(one: Try): void {
    if (this.tries.length === mostTries) this.tries.shift();
    this.tries.push(one);
  }
}

/** Whether a try ended without an answer for the client. */
function isFailure({ error, status }: Try): boolean {
  return error !== undefined || status !== undefined;
}
