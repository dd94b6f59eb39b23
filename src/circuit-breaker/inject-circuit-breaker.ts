import { Inject } from '@nestjs/common';

/**
 * The injection token of the breaker of one backend. `id`: the id of the backend when no other upstream has the same, or always
 * `upstream/id`. A test may put a fake in its place: the gateway then uses the fake as well.
 */
export function circuitBreakerToken(id: string): string {
  return `CircuitBreaker(${id})`;
}

/** Injects the breaker of one backend: `@InjectCircuitBreaker('orders-4') breaker: CircuitBreaker`. For `id` see {@link circuitBreakerToken}. */
export const InjectCircuitBreaker = (id: string): ParameterDecorator & PropertyDecorator =>
  Inject(circuitBreakerToken(id));
