import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CircuitBreakerModule } from '../circuit-breaker/circuit-breaker.module.js';
import { CircuitBreakers } from '../circuit-breaker/circuit-breakers.js';
import type { CircuitEvent } from '../circuit-breaker/circuit-events.js';
import { fail } from '../circuit-breaker/testing.js';
import { GatewayConfigModule } from '../config/config.module.js';
import { buildConfig } from '../config/loading/load-config.js';
import { TicketSecret } from '../listeners/tls/ticket-secret.js';
import { LoggingModule } from '../logging/logging.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { BackendControl } from '../upstream/control/backend-control.js';
import { BackendControlModule } from '../upstream/control/backend-control.module.js';
import { Upstreams } from '../upstream/upstreams.js';
import { CommonState } from './common-state.js';
import type { ToWorker } from './messages.js';

/** The state of a main thread that has an upstream `app` with the backend `a`, what it tells workers, and its log. */
async function setUp() {
  let log = '';
  const config = buildConfig({
    upstreams: {
      app: { discovery: 'test', backends: [{ id: 'a', url: 'http://a.test' }], circuitBreaker: { maxOpen: '100%' } },
    },
  });
  const module = await Test.createTestingModule({
    imports: [
      GatewayConfigModule.forRoot(config),
      LoggingModule.forRoot(config.logging, { write: (chunk, done) => ((log += chunk), done()), writeNow: () => {} }),
      MetricsModule.forRoot({ buckets: [1], processMetrics: false }),
      CircuitBreakerModule.forRoot({ config }),
      BackendControlModule,
    ],
  }).compile();
  await module.init();
  onTestFinished(() => module.close());
  const get = <T>(type: abstract new (...args: never[]) => T): T => module.get<T>(type, { strict: false });
  const [upstreams, breakers, control] = [get(Upstreams), get(CircuitBreakers), get(BackendControl)];
  const told: [message: ToWorker, but?: number | undefined][] = [];
  const tickets = new TicketSecret({ role: 'worker' });
  const sut = new CommonState(upstreams, breakers, control, tickets, (...message) => void told.push(message));
  const backend = () => upstreams.get('app').backends[0]!;
  const turn = () => new Promise(resolve => setImmediate(resolve));
  const logged = async () => {
    await module.close();
    return log.split('\n').filter(line => line.includes('circuit'));
  };
  return { sut, upstreams, breakers, control, tickets, told, backend, turn, logged };
}

const opened: CircuitEvent = {
  ...{ upstream: 'app', backend: 'a', from: 'closed', to: 'open' },
  ...{ reason: '20 of 20 requests failed', openFor: 15_000 },
};

describe('what all threads know', () => {
  it('is told to the others when a worker has opened a circuit, and to those that begin later', async () => {
    const { breakers, logged, sut, told } = await setUp();
    sut.circuit(opened, 2);
    expect(told).toEqual([[{ kind: 'circuit', event: opened }, 2]]);
    expect(breakers.get('a').state).toBe('open');
    expect(sut.now.circuits).toMatchObject([{ upstream: 'app', backend: 'a', to: 'open' }]);
    expect(sut.now.circuits[0]!.openFor).toBeGreaterThan(10_000);
    sut.circuit({ ...opened, from: 'half-open', to: 'closed' }, 2);
    expect(sut.now.circuits).toEqual([]);
    // The worker has said it.
    expect(await logged()).toEqual([]);
  });

  it('ignores circuits of backends that are gone', async () => {
    const { sut } = await setUp();
    for (const other of [{ backend: 'gone' }, { upstream: 'gone' }]) sut.circuit({ ...opened, ...other }, 1);
    expect(sut.now.circuits).toEqual([]);
  });

  it('is told when a circuit is opened here, by hand or otherwise, which is logged', async () => {
    const { breakers, logged, told } = await setUp();
    breakers.get('a').open();
    breakers.get('a').close();
    fail(breakers.get('a'), 20);
    expect(told.map(([message]) => message.kind === 'circuit' && message.event.to)).toEqual(['open', 'closed', 'open']);
    expect(await logged()).toHaveLength(3);
  });

  it('says of a backend that it is unhealthy, and why, until it is well', async () => {
    const { backend, sut, told, turn } = await setUp();
    backend().veto('unhealthy', 'status 500');
    backend().veto('draining');
    await turn();
    const verdict = { upstream: 'app', backend: 'a', reason: 'status 500' };
    expect([told, sut.now.unhealthy]).toEqual([[[{ kind: 'health', verdict }]], [verdict]]);
    backend().lift('unhealthy');
    await turn();
    expect(told.slice(1)).toEqual([[{ kind: 'health', verdict: { ...verdict, reason: undefined } }]]);
    expect(sut.now.unhealthy).toEqual([]);
  });

  it('says nothing of a backend that was unhealthy for less than a turn', async () => {
    const { backend, told, turn } = await setUp();
    backend().veto('unhealthy', 'status 500');
    backend().lift('unhealthy');
    await turn();
    expect(told).toEqual([]);
  });

  it('has the backends that were found last', async () => {
    const { sut, told, upstreams } = await setUp();
    expect(sut.now.found).toEqual([]);
    const found = [{ id: 'b', url: 'http://b.test', weight: 2, backup: true, unix: undefined }];
    upstreams.found('app', found, 1_000);
    expect(told).toEqual([[{ kind: 'found', found: { upstream: 'app', backends: found } }]]);
    upstreams.found('app', [], 1_000);
    expect(sut.now.found).toEqual([{ upstream: 'app', backends: [] }]);
  });

  it('has what is set by hand, and the secret of session tickets', async () => {
    const { control, sut, tickets, told } = await setUp();
    control.weight('app', 'a', 5);
    tickets.replace(new Uint8Array([1]));
    expect(told).toEqual([
      [{ kind: 'settings', settings: control.snapshot() }],
      [{ kind: 'tickets', secret: new Uint8Array([1]) }],
    ]);
    expect(sut.now).toMatchObject({ settings: control.snapshot(), tickets: new Uint8Array([1]) });
  });
});
