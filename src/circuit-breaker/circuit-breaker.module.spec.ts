import { Injectable, Module, type Type } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { Registry } from 'prom-client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { GatewayConfigModule } from '../config/config.module.js';
import { buildUntyped } from '../config/loading/load-config.js';
import { LogDestination } from '../logging/destination.js';
import { LoggingModule } from '../logging/logging.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { Upstreams } from '../upstream/upstreams.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { CircuitBreakerModule } from './circuit-breaker.module.js';
import { CircuitBreakers, type CircuitEvent } from './circuit-breakers.js';
import { circuitBreakerToken, InjectCircuitBreaker } from './inject-circuit-breaker.js';

// A provider of the application that takes a backend out of use.
@Injectable()
class Maintenance {
  constructor(@InjectCircuitBreaker('a') private readonly breaker: CircuitBreaker) {}

  begin(): void {
    this.breaker.open();
  }
}

@Module({ providers: [Maintenance] })
class MaintenanceModule {}

const backends = (...ids: string[]) => ids.map(id => ({ id, url: 'http://127.0.0.1:3000' }));

const ordersAndUsers = {
  orders: { backends: backends('a', 'both'), circuitBreaker: { volumeThreshold: 2 } },
  users: { backends: backends('b', 'both'), circuitBreaker: { enabled: false } },
};

interface Changes {
  readonly upstreams?: unknown;
  readonly imports?: Type[];
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
}

async function setup({ upstreams = ordersAndUsers, imports = [], override = builder => builder }: Changes = {}) {
  let text = '';
  const sink = {
    write: (chunk: Buffer, done: () => void) => {
      text += chunk.toString();
      done();
    },
    writeNow: vi.fn(),
  };
  const config = buildUntyped({ upstreams, routes: [], logging: { level: 'info' } }, { unsupported: [] });
  const builder = Test.createTestingModule({
    imports: [
      GatewayConfigModule.forRoot(config),
      LoggingModule.forRoot(config.logging, sink),
      MetricsModule.forRoot({ buckets: [1], processMetrics: false }),
      CircuitBreakerModule.forRoot({ config }),
      ...imports,
    ],
  });
  const module = await override(builder).compile();
  await module.init();
  onTestFinished(() => module.close());
  return {
    module,
    breakers: module.get(CircuitBreakers),
    breaker: (id: string): CircuitBreaker => module.get(circuitBreakerToken(id), { strict: false }),
    backend: (upstream: string, id: string) =>
      module
        .get(Upstreams, { strict: false })
        .get(upstream)
        .backends.find(each => each.id === id)!,
    lines: async (): Promise<Record<string, unknown>[]> => {
      await module.get(LogDestination).close();
      return text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as Record<string, unknown>);
    },
    scrape: async (): Promise<string[]> =>
      (await module.get(Registry).metrics()).split('\n').filter(line => line.startsWith('gatehouse_circuit_')),
  };
}

describe('the breaker of a backend', () => {
  it('is injected into any provider by the id of the backend, and is the breaker that the gateway uses', async () => {
    const { module, breakers, backend } = await setup({ imports: [MaintenanceModule] });
    module.get(Maintenance, { strict: false }).begin();
    const a = backend('orders', 'a');
    expect(breakers.of(a).state).toBe('open');
    expect(breakers.of(a).tryEnter()).toBe(0);
    expect([...a.vetoes]).toEqual(['circuit-open']);
  });

  it('is known by its id where that is unique, and with its upstream anywhere', async () => {
    const { breakers, breaker, backend } = await setup();
    const a = breakers.of(backend('orders', 'a'));
    expect([breakers.get('a'), breakers.get('orders/a'), breaker('a'), breaker('orders/a')]).toEqual([a, a, a, a]);
    expect(breakers.get('orders/both')).toBe(breakers.of(backend('orders', 'both')));
    expect(breakers.get('orders/both')).not.toBe(breakers.get('users/both'));
    expect(() => breaker('both')).toThrow(/CircuitBreaker\(both\)/);
  });

  it('that does not exist is an error that lists the known ones', async () => {
    const { breakers } = await setup();
    expect(() => breakers.get('orders/c')).toThrow(
      'no circuit breaker is named "orders/c"; did you mean "orders/a"? (known: a, orders/a, orders/both, b, users/b, users/both)',
    );
    expect(() => breakers.get('both')).toThrow(/^no circuit breaker is named "both"/);
  });

  it('is meant by a full name, also when the socket of another has a path that looks like it', async () => {
    const { breakers, breaker, backend } = await setup({
      upstreams: { a: { backends: backends('b') }, other: { backends: backends('a/b') } },
    });
    expect(breakers.get('a/b')).toBe(breakers.of(backend('a', 'b')));
    expect(breaker('a/b')).toBe(breakers.of(backend('a', 'b')));
    expect(breakers.get('a/b')).not.toBe(breakers.get('other/a/b'));
    expect(breakers.get('other/a/b')).toBe(breakers.of(backend('other', 'a/b')));
  });

  it.each(['a', 'orders/a'])('can be a fake in a test, put in the place of "%s"', async id => {
    const fake: CircuitBreaker = {
      state: 'open',
      retryIn: 7,
      tryEnter: () => 0,
      begun: ticket => ticket,
      settle: vi.fn(),
      open: vi.fn(),
      close: vi.fn(),
      reset: vi.fn(),
    };
    const { module, breakers, backend } = await setup({
      imports: [MaintenanceModule],
      override: builder => builder.overrideProvider(circuitBreakerToken(id)).useValue(fake),
    });
    expect(breakers.of(backend('orders', 'a'))).toBe(fake);
    expect([...breakers].find(each => each.backend.id === 'a')?.breaker).toBe(fake);
    module.get(Maintenance, { strict: false }).begin();
    expect(fake.open).toHaveBeenCalledOnce();
    await module.close();
  });

  it('never opens when it is disabled', async () => {
    const { breakers, backend } = await setup();
    const b = breakers.of(backend('users', 'b'));
    for (let n = 0; n < 50; n++) b.settle(b.tryEnter(), 'failure', 'hard');
    expect(b.state).toBe('closed');
  });

  it('has the settings of its upstream', async () => {
    const { breakers } = await setup();
    const a = breakers.get('a');
    for (let n = 0; n < 2; n++) a.settle(a.tryEnter(), 'failure');
    expect(a.state).toBe('open');
    expect(a.retryIn).toBeGreaterThan(14_000);
    expect(a.retryIn).toBeLessThanOrEqual(15_000);
  });
});

describe('all breakers', () => {
  it('can be gone through', async () => {
    const { breakers } = await setup();
    const names = [...breakers].map(({ upstream, backend, breaker }) => [upstream, backend.id, breaker.state]);
    expect(names).toEqual([
      ['orders', 'a', 'closed'],
      ['orders', 'both', 'closed'],
      ['users', 'b', 'closed'],
      ['users', 'both', 'closed'],
    ]);
  });

  it('have none for a backend of another gateway', async () => {
    const [one, other] = [await setup(), await setup()];
    expect(() => one.breakers.of(other.backend('orders', 'a'))).toThrow(/"a" is not one of this gateway/);
  });

  it('tell of their changes, until the gateway stops', async () => {
    const { breakers, module } = await setup();
    const seen: CircuitEvent[] = [];
    const complete = vi.fn();
    breakers.events.subscribe({ next: event => void seen.push(event), complete });
    breakers.get('a').open();
    const names = { upstream: 'orders', backend: 'a' };
    expect(seen).toEqual([{ ...names, from: 'closed', to: 'open', reason: 'by hand', openFor: Infinity }]);
    await module.close();
    expect(complete).toHaveBeenCalledOnce();
  });

  it('go on when a subscriber throws, and its error is logged', async () => {
    const { breakers, backend, lines } = await setup();
    breakers.events.subscribe(() => {
      throw new Error('not my day');
    });
    const a = breakers.of(backend('orders', 'a'));
    for (let n = 0; n < 2; n++) a.settle(a.tryEnter(), 'failure');
    expect(a.state).toBe('open');
    const errors = (await lines()).filter(({ level }) => level === 50);
    expect(errors).toMatchObject([{ msg: 'a subscriber of circuit events failed', err: { message: 'not my day' } }]);
  });

  it('of a thousand backends are all there', async () => {
    const ids = Array.from({ length: 1_000 }, (_, n) => `b${n}`);
    const { breakers } = await setup({ upstreams: { orders: { backends: backends(...ids) } } });
    expect([...breakers]).toHaveLength(1_000);
    expect(breakers.get('b999')).toBe(breakers.get('orders/b999'));
  });
});

describe('the log', () => {
  it('has a warning when a circuit opens, and a line when it closes', async () => {
    const { breakers, lines } = await setup();
    breakers.get('a').open();
    breakers.get('a').close();
    const fields = { upstream: 'orders', backend: 'a', reason: 'by hand' };
    expect(await lines()).toMatchObject([
      { level: 40, msg: 'circuit opened', from: 'closed', to: 'open', ...fields },
      { level: 30, msg: 'circuit closed', from: 'open', to: 'closed', ...fields },
    ]);
  });
});

describe('the metrics', () => {
  it('show states, changes and rejections of each circuit', async () => {
    const { breakers, scrape } = await setup({ upstreams: { orders: { backends: backends('a') } } });
    breakers.get('a').open();
    breakers.get('a').tryEnter();
    expect(await scrape()).toEqual([
      'gatehouse_circuit_state{upstream="orders",backend="a"} 2',
      'gatehouse_circuit_transitions_total{upstream="orders",backend="a",to="open"} 1',
      'gatehouse_circuit_transitions_total{upstream="orders",backend="a",to="half-open"} 0',
      'gatehouse_circuit_transitions_total{upstream="orders",backend="a",to="closed"} 0',
      'gatehouse_circuit_rejections_total{upstream="orders",backend="a"} 1',
    ]);
  });
});
