import type { CircuitBreaker, Ticket } from '../circuit-breaker/circuit-breaker.js';
import type { ErrorCode } from '../http/gateway-error.js';
import type { LiveBackend } from '../upstream/live-backend.js';

/** What may be the request's doing as well as the backend's: it is read, and there is no answer. */
const doubtful: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['RESET', 'HEAD_TIMEOUT']);

/** True for an end of an attempt of which only the next attempt tells whose fault it was. */
export function isDoubtful(code: ErrorCode): boolean {
  return doubtful.has(code);
}

/**
 * The ends of an exchange's attempts that are in doubt, until another attempt or the end of the exchange tells. Where two backends end it in
 * the same way the request is the cause, and neither circuit hears of it: or a single client could open the circuits of all. Otherwise each
 * backend is blamed, once for the exchange, however often it was asked.
 */
export class Doubts {
  readonly #backends = new Set<LiveBackend>();
  #code: ErrorCode | undefined;
  #breaker: CircuitBreaker | undefined;
  #ticket: Ticket = 0;

  /** An attempt on `backend` has ended with `code`; `ticket` is its entry into `breaker`. */
  add(code: ErrorCode, backend: LiveBackend, breaker: CircuitBreaker, ticket: Ticket): void {
    if (code !== this.#code) {
      this.blame();
      this.#backends.clear();
      this.#code = code;
    }
    const isNew = !this.#backends.has(backend);
    this.#backends.add(backend);
    if (isNew && this.#backends.size === 1) {
      this.#breaker = breaker;
      this.#ticket = ticket;
      return;
    }
    breaker.settle(ticket, 'ignored');
    if (!isNew) return;
    this.#breaker?.settle(this.#ticket, 'ignored');
    this.#breaker = undefined;
  }

  /** Nothing speaks for the backend that is in doubt. */
  blame(): void {
    this.#breaker?.settle(this.#ticket, 'failure', 'hard');
    this.#breaker = undefined;
  }
}
