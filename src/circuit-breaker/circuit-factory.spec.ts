import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CircuitBreakerConfig } from '../config/file/circuit-breaker.config.js';
import { CircuitEvents } from './circuit-events.js';
import { CircuitFactory } from './circuit-factory.js';
import { fail, testBackends } from './testing.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setup() {
  return new CircuitFactory(new CircuitEvents(vi.fn()), vi.fn());
}

describe('thousands of circuits', () => {
  it('need one timer as long as they are closed', () => {
    const factory = setup();
    const config = new CircuitBreakerConfig();
    const warned = vi.spyOn(process, 'emitWarning');
    const backends = testBackends(2_000);
    for (const each of backends) factory.create({ upstream: 'orders', backend: each, config, hasFallback: false });
    expect(vi.getTimerCount()).toBe(1);
    expect(warned).not.toHaveBeenCalled();
    factory.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('need one timer for each length of window', () => {
    const factory = setup();
    for (const window of [10_000, 5_000, 10_000]) {
      const config = Object.assign(new CircuitBreakerConfig(), { window });
      factory.create({ upstream: 'orders', backend: testBackends(1)[0]!, config, hasFallback: false });
    }
    expect(vi.getTimerCount()).toBe(2);
    factory.close();
  });

  it('do not keep the process alive', () => {
    vi.useRealTimers();
    const before = process.getActiveResourcesInfo();
    const factory = setup();
    const breaker = factory.create({
      upstream: 'orders',
      backend: testBackends(1)[0]!,
      config: new CircuitBreakerConfig(),
      hasFallback: false,
    });
    fail(breaker, 20, 'hard');
    expect(breaker.state).toBe('open');
    expect(process.getActiveResourcesInfo()).toEqual(before);
    factory.close();
  });
});

describe('a circuit that is disabled by configuration', () => {
  it('admits everything and never opens', () => {
    const factory = setup();
    const config = Object.assign(new CircuitBreakerConfig(), { enabled: false, volumeThreshold: 1 });
    const disabled = testBackends(1)[0]!;
    const breaker = factory.create({ upstream: 'orders', backend: disabled, config, hasFallback: false });
    for (let n = 0; n < 100; n++) breaker.settle(breaker.tryEnter(), 'failure', 'hard');
    breaker.open();
    expect(breaker.tryEnter()).toBeGreaterThan(0);
    expect([breaker.state, breaker.retryIn, disabled.vetoes.size]).toEqual(['closed', 0, 0]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the circuits of two upstreams', () => {
  it('do not count for each other’s maxOpen', () => {
    const factory = setup();
    const config = new CircuitBreakerConfig();
    const breakers = ['orders', 'users'].map(name => {
      const each = testBackends(1)[0]!;
      return factory.create({ upstream: name, backend: each, config, hasFallback: true });
    });
    for (const breaker of breakers) {
      for (let n = 0; n < 20; n++) breaker.settle(breaker.tryEnter(), 'failure', 'soft');
    }
    expect(breakers.map(({ state }) => state)).toEqual(['open', 'open']);
  });
});
