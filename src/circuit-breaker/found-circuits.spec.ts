import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GatewayConfigModule } from '../config/config.module.js';
import { buildConfig } from '../config/loading/load-config.js';
import { LoggingModule } from '../logging/logging.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { Upstreams } from '../upstream/upstreams.js';
import { CircuitBreakerModule } from './circuit-breaker.module.js';
import { CircuitBreakers } from './circuit-breakers.js';

/** The breakers of an upstream with the backend `fix`, which finds others. */
async function setUp() {
  const config = buildConfig({
    upstreams: {
      app: {
        discovery: 'test',
        backends: [{ id: 'fix', url: 'http://fix.test' }],
        circuitBreaker: { volumeThreshold: 2, maxOpen: '100%' },
      },
    },
  });
  const module = await Test.createTestingModule({
    imports: [
      GatewayConfigModule.forRoot(config),
      LoggingModule.forRoot(config.logging, { write: (_, done) => done(), writeNow: () => {} }),
      MetricsModule.forRoot({ buckets: [1], processMetrics: false }),
      CircuitBreakerModule.forRoot({ config }),
    ],
  }).compile();
  onTestFinished(() => module.close());
  const upstreams = module.get(Upstreams, { strict: false });
  const breakers = module.get(CircuitBreakers);
  const app = upstreams.get('app');
  return {
    breakers,
    app,
    backend: (id: string) => app.backends.find(each => each.id === id)!,
    names: () => [...breakers].map(({ backend }) => backend.id),
    find: (...ids: string[]) =>
      upstreams.found(
        'app',
        ids.map(id => ({ id, url: `http://${id}.test`, weight: 1, backup: false })),
        1_000,
      ),
  };
}

describe('a backend that is found', () => {
  it('has a breaker with the settings of its upstream, known by its id', async () => {
    const { backend, breakers, find, names } = await setUp();
    find('a', 'b');
    expect(names()).toEqual(['fix', 'a', 'b']);
    const a = breakers.get('a');
    expect([breakers.get('app/a'), breakers.of(backend('a'))]).toEqual([a, a]);
    for (let n = 0; n < 2; n++) a.settle(a.tryEnter(), 'failure');
    expect([a.state, [...backend('a').vetoes], breakers.get('b').state]).toEqual(['open', ['circuit-open'], 'closed']);
  });

  it('keeps its breaker while others come and go', async () => {
    const { backend, breakers, find } = await setUp();
    find('a', 'b');
    breakers.get('a').open();
    const inUse = breakers.inUse(backend('a'));
    find('c', 'a');
    expect([breakers.inUse(backend('a')), breakers.get('a').state]).toEqual([inUse, 'open']);
    expect(() => breakers.get('b')).toThrow('no circuit breaker is named "b"');
  });

  it('begins with a fresh breaker when it is found again, with exchanges that it still had', async () => {
    const { app, backend, breakers, find } = await setUp();
    find('a');
    const a = backend('a');
    a.load.tryTake(1);
    breakers.get('a').open();
    find();
    expect([app.leaving, [...a.vetoes]]).toEqual([[a], ['removed']]);
    find('a');
    expect([backend('a') === a, breakers.get('a').state, a.vetoes.size]).toEqual([true, 'closed', 0]);
  });

  it('leaves nothing behind, as those of the configuration do', async () => {
    const { breakers, find, names } = await setUp();
    const fix = breakers.get('fix');
    for (let n = 0; n < 100; n++) find(`a${n}`);
    find();
    expect([names(), breakers.get('fix') === fix]).toEqual([['fix'], true]);
    expect(() => breakers.get('a99')).toThrow(/\(known: fix, app\/fix\)$/);
  });
});
