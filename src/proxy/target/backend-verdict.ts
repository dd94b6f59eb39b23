import type { BreakerFailure, CircuitBreakerConfig, OutlierConfig } from '../../config/file/circuit-breaker.config.js';
import type { FailureKind } from '../../circuit-breaker/circuit-breaker.js';
import type { ErrorCode, GatewayError } from '../../http/gateway-error.js';
import type { Outcome } from '../../upstream/backend.js';

/** How the end of an attempt counts for the backend's circuit breaker. */
export interface BreakerVerdict {
  readonly outcome: Outcome;
  readonly kind: FailureKind;
}

/** Those of the settings of a circuit breaker that say what counts. */
type VerdictSettings = Pick<CircuitBreakerConfig, 'failOn' | 'slowerThan'> & {
  readonly outlier: Pick<OutlierConfig, 'enabled'>;
};

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
const outlying: BreakerVerdict = { outcome: 'failure', kind: 'outlying' };
const ignored: BreakerVerdict = { outcome: 'ignored', kind: 'hard' };

/** Statuses that say that a backend fails, when its peers do not answer so: others, such as 501 and 507, are about the request. */
const telling: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** What counts against a backend: `circuitBreaker.failOn`, `slowerThan` and `outlier`. */
export class VerdictRules {
  readonly #failOn: ReadonlySet<BreakerFailure>;
  readonly #slowerThan: number;

  readonly #compares: boolean;

  constructor({ failOn, slowerThan, outlier }: VerdictSettings) {
    this.#failOn = new Set(failOn);
    this.#compares = outlier.enabled;
    this.#slowerThan = this.#failOn.has('slow') ? slowerThan : Infinity;
  }

  /** For a response of which all has arrived, or, for a stream, the head. `firstByte`: milliseconds until the head. */
  ofResponse(status: number, firstByte: number): BreakerVerdict {
    if (firstByte > this.#slowerThan) return soft;
    if (status < 400) return success;
    if (this.#isFailure(status)) return soft;
    return this.#compares && telling.has(status) ? outlying : success;
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
