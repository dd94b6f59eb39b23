import type { BreakerFailure } from '../config/circuit-breaker.config.js';
import type { FailureKind } from '../circuit-breaker/circuit-breaker.js';
import type { ErrorCode, GatewayError } from '../http/gateway-error.js';
import type { Outcome } from '../upstream/backend.js';

/** How the end of an attempt counts for the backend's circuit breaker. */
export interface BreakerVerdict {
  readonly outcome: Outcome;
  readonly kind: FailureKind;
}

/** What the configuration calls the errors that are a backend's fault. */
export const failureNames: Readonly<Partial<Record<ErrorCode, Exclude<BreakerFailure, '5xx' | 'slow' | number>>>> = {
  CONNECT_FAILED: 'connect-failure',
  CONNECT_TIMEOUT: 'connect-failure',
  HEAD_TIMEOUT: 'timeout',
  RESET: 'reset',
  PROTOCOL: 'reset',
  BODY_BROKEN: 'reset',
};

const success: BreakerVerdict = { outcome: 'success', kind: 'hard' };
const hard: BreakerVerdict = { outcome: 'failure', kind: 'hard' };
const soft: BreakerVerdict = { outcome: 'failure', kind: 'soft' };
const ignored: BreakerVerdict = { outcome: 'ignored', kind: 'hard' };

/** What counts against a backend: `circuitBreaker.failOn` and `slowerThan`. */
export class VerdictRules {
  readonly #failOn: ReadonlySet<BreakerFailure>;
  readonly #slowerThan: number;

  constructor({ failOn, slowerThan }: { readonly failOn: readonly BreakerFailure[]; readonly slowerThan: number }) {
    this.#failOn = new Set(failOn);
    this.#slowerThan = this.#failOn.has('slow') ? slowerThan : Infinity;
  }

  /** For a response of which all has arrived, or, for a stream, the head. `firstByte`: milliseconds until the head. */
  ofResponse(status: number, firstByte: number): BreakerVerdict {
    if (firstByte > this.#slowerThan) return soft;
    return status >= 400 && this.#isFailure(status) ? soft : success;
  }

  /** A client's fault, and our own, never counts. */
  ofError({ code }: GatewayError): BreakerVerdict {
    const name = failureNames[code];
    if (name === undefined) return ignored;
    return this.#failOn.has(name) ? hard : ignored;
  }

  #isFailure(status: number): boolean {
    return this.#failOn.has(status) || (status >= 500 && this.#failOn.has('5xx'));
  }

  static readonly ignored = ignored;
}
