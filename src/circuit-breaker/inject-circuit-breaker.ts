import { Inject } from '@nestjs/common';

/**
 * The injection token of the breaker of one backend. `id` is that of the backend where no other upstream has the same,
 * `upstream/id` anywhere. A test may put a fake in its place: the gateway then uses the fake as well.
 */
export function circuitBreakerToken(id: string): string {
  return `CircuitBreaker(${id})`;
}

/** Injects the breaker of one backend: `@InjectCircuitBreaker('orders-4') breaker: CircuitBreaker`. For `id` see {@link circuitBreakerToken}. */
export const InjectCircuitBreaker = (id: string): ParameterDecorator & PropertyDecorator =>
  Inject(circuitBreakerToken(id));
