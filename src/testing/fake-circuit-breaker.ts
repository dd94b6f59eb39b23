import type { CircuitBreaker, CircuitState, FailureKind, Ticket } from '../circuit-breaker/circuit-breaker.js';
import type { Outcome } from '../upstream/backend.js';

/** A circuit breaker for tests: its state is what the test says, and what it hears is kept. */
export interface FakeCircuitBreaker extends CircuitBreaker {
  state: CircuitState;
  retryIn: number;
  /** Whether entries are refused. Default: while `state` is `open`. */
  refuses: boolean | undefined;
  /** How many have entered. */
  entered: number;
  /** How those that entered have ended, in their order; `kind`: of a failure. */
  readonly settled: { readonly outcome: Outcome; readonly kind: FailureKind | undefined }[];
}

/**
 * A circuit breaker that opens when the test says so: `overrides: [{ provide: circuitBreakerToken('orders/10.0.0.1:3000'), useValue: breaker }]`.
 * `fields`: what is different from one that is closed.
 */
export function fakeCircuitBreaker(
  fields: Partial<Pick<FakeCircuitBreaker, 'state' | 'retryIn' | 'refuses'>> = {},
): FakeCircuitBreaker {
  const settled: FakeCircuitBreaker['settled'] = [];
  const breaker: FakeCircuitBreaker = {
    state: 'closed',
    retryIn: 0,
    refuses: undefined,
    entered: 0,
    settled,
    tryEnter: () => ((breaker.refuses ?? breaker.state === 'open') ? 0 : ++breaker.entered),
    begun: (ticket: Ticket) => ticket,
    settle: (_, outcome, kind) => void settled.push({ outcome, kind }),
    open: () => void (breaker.state = 'open'),
    close: () => void (breaker.state = 'closed'),
    reset: () => void (breaker.state = 'closed'),
    ...fields,
  };
  return breaker;
}
