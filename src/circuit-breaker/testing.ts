import { CircuitBreakerConfig } from '../config/file/circuit-breaker.config.js';
import { LiveBackend } from '../upstream/live-backend.js';
import type { CircuitBreaker, FailureKind } from './circuit-breaker.js';
import { CircuitEvents } from './circuit-events.js';
import { CircuitFactory } from './circuit-factory.js';

/** Backends for tests, named `b0`, `b1` and so on. */
export function testBackends(count: number): LiveBackend[] {
  const definition = { url: 'http://127.0.0.1:3000', weight: 1, backup: false };
  return Array.from({ length: count }, (_, index) => new LiveBackend({ id: `b${index}`, ...definition }, () => {}));
}

/**
 * The real circuits of one upstream, `orders`, for tests: with the default configuration plus `changes`, and one backend by
 * default. Soft failures may open the circuit of a single backend, as if the upstream had a fallback, unless `hasFallback` is
 * false.
 */
export function testCircuits(changes: Partial<CircuitBreakerConfig> = {}, count = 1, hasFallback = count === 1) {
  const config = Object.assign(new CircuitBreakerConfig(), changes);
  const events: string[] = [];
  const rejected: string[] = [];
  const factory = new CircuitFactory(
    new CircuitEvents(() => {}),
    (upstream, backend) => void rejected.push(`${upstream}/${backend}`),
  );
  factory.events.stream.subscribe(({ from, to, reason }) => void events.push(`${from} > ${to}: ${reason}`));
  const backends = testBackends(count);
  const breakers = backends.map(backend => factory.create({ upstream: 'orders', backend, config, hasFallback }));
  return {
    config,
    factory,
    backends,
    breakers,
    backend: backends[0]!,
    breaker: breakers[0]!,
    /** The changes of all circuits, as `from > to: reason`. */
    events,
    /** The entries that were refused, as `upstream/backend`. */
    rejected,
  };
}

/** Lets `times` requests enter and succeed, one after the other. */
export function succeed(breaker: CircuitBreaker, times = 1): void {
  for (let n = 0; n < times; n++) breaker.settle(breaker.tryEnter(), 'success');
}

/** Lets `times` requests enter and fail, one after the other. */
export function fail(breaker: CircuitBreaker, times = 1, kind: FailureKind = 'soft'): void {
  for (let n = 0; n < times; n++) breaker.settle(breaker.tryEnter(), 'failure', kind);
}
