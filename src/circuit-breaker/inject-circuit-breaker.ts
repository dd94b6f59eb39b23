import { Inject } from '@nestjs/common';

/** The ids that code has asked for, by the name of the gateway: each gets a provider, also where the configuration is known only later. */
const asked = new Map<string, Set<string>>();

/**
 * The injection token of the breaker of one backend. `id`: the id of the backend when no other upstream has the same, or always
 * `upstream/id`. `gateway`: the name of the gateway; default: the one without a name. A test may put a fake in its place: the gateway then uses the fake as well.
 */
export function circuitBreakerToken(id: string, gateway = ''): string {
  let ids = asked.get(gateway);
  if (ids === undefined) asked.set(gateway, (ids = new Set()));
  ids.add(id);
  return gateway === '' ? `CircuitBreaker(${id})` : `CircuitBreaker(${id}) of ${gateway}`;
}

/**
 * Injects the breaker of one backend: `@InjectCircuitBreaker('orders-4') breaker: CircuitBreaker`. For `id` and `gateway` see {@link circuitBreakerToken}.
 * An id that the configuration does not have stops the start.
 */
export const InjectCircuitBreaker = (id: string, gateway?: string): ParameterDecorator & PropertyDecorator =>
  Inject(circuitBreakerToken(id, gateway));

/** The ids whose token has been asked for, of one gateway. */
export function askedCircuitBreakers(gateway: string): readonly string[] {
  return [...(asked.get(gateway) ?? [])];
}
