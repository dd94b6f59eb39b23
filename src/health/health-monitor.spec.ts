import { Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { IsInt } from 'class-validator';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { BackendConfig } from '../config/file/backend.config.js';
import { GatewayConfigModule } from '../config/config.module.js';
import { GatewayConfig } from '../config/file/gateway.config.js';
import { HealthCheckConfig, type ProbeChoice } from '../config/file/health-check.config.js';
import { UpstreamConfig } from '../config/file/upstream.config.js';
import { LogDestination } from '../logging/destination.js';
import { LoggingModule } from '../logging/logging.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import type { Backend } from '../upstream/backend.js';
import { Upstreams } from '../upstream/upstreams.js';
import { HealthChecksModule } from './health-checks.module.js';
import { HealthMonitor } from './health-monitor.js';
import { RANDOM_SOURCE } from '../random/random-source.js';
import { Probe, type HealthProbe, type ProbeResult } from './probe.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

class OracleOptions {
  @IsInt()
  floor = 0;
}

/** Backends that are down at present. */
const down = new Set<string>();

@Probe('oracle', { options: OracleOptions })
class Oracle implements HealthProbe {
  floor = 0;

  configure({ floor }: OracleOptions): void {
    this.floor = floor;
  }

  async check({ id }: Backend): Promise<ProbeResult> {
    return down.has(id) ? { healthy: false, reason: `the oracle of floor ${this.floor} says no` } : { healthy: true };
  }
}

@Module({ providers: [Oracle] })
class OracleModule {}

function upstream(type: ProbeChoice | undefined, ...ids: string[]): UpstreamConfig {
  const backends = ids.map(id => Object.assign(new BackendConfig(), { id, url: `http://${id}:80` }));
  const healthCheck = type && Object.assign(new HealthCheckConfig(), { type });
  return Object.assign(new UpstreamConfig(), { backends, ...(healthCheck && { healthCheck }) });
}

async function setup(upstreams: Record<string, UpstreamConfig>, ...imports: Type[]) {
  down.clear();
  const lines: string[] = [];
  const write = (chunk: Buffer, done: () => void) => {
    lines.push(...chunk.toString().trimEnd().split('\n'));
    done();
  };
  const config = Object.assign(new GatewayConfig(), { upstreams: new Map(Object.entries(upstreams)) });
  const application = await Test.createTestingModule({
    imports: [
      GatewayConfigModule.forRoot(config),
      LoggingModule.forRoot(config.logging, { write, writeNow: chunk => write(chunk, () => undefined) }),
      MetricsModule.forRoot({ buckets: [1], processMetrics: false }),
      HealthChecksModule,
      OracleModule,
      ...imports,
    ],
  })
    .overrideProvider(RANDOM_SOURCE)
    .useValue(() => 0.5)
    .compile();
  onTestFinished(() => application.close());
  return {
    application,
    init: () => application.init(),
    available: (name: string) =>
      application
        .get(Upstreams)
        .get(name)
        .available.map(each => each.id),
    pass: (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000),
    log: async () => {
      await application.get(LogDestination).flush();
      return lines.map(line => JSON.parse(line) as Record<string, unknown>);
    },
    metrics: async () => (await application.get(Registry).metrics()).split('\n'),
  };
}

describe('the health monitor', () => {
  it('takes a backend out that its probe finds unhealthy, and brings it back', async () => {
    const { init, available, pass } = await setup({ app: upstream({ name: 'oracle', options: {} }, 'a', 'b') });
    await init();
    await pass(1);
    down.add('a');
    await pass(10);
    expect(available('app')).toEqual(['a', 'b']);
    await pass(5);
    expect(available('app')).toEqual(['b']);
    down.clear();
    await pass(10);
    expect(available('app')).toEqual(['a', 'b']);
  });

  it('starts at most about a thousand first probes a second, so that thousands of backends are not asked at once', async () => {
    const backends = Array.from({ length: 4_000 }, (_, index) => `b${index}`);
    const { init, metrics, pass } = await setup({ app: upstream({ name: 'oracle', options: {} }, ...backends) });
    const probed = async () => (await metrics()).filter(line => /^gatehouse_probes_total.* [1-9]/.test(line)).length;
    await init();
    // Chance is 0.5 throughout: each first probe comes in the middle of the time in which all do.
    await pass(1.9);
    expect(await probed()).toBe(0);
    await pass(0.2);
    expect(await probed()).toBe(4_000);
  });

  it('writes one line for each change of a verdict, with the reason', async () => {
    const { init, log, pass } = await setup({ app: upstream({ name: 'oracle', options: { floor: 3 } }, 'a', 'b') });
    await init();
    down.add('b');
    await pass(30);
    down.clear();
    await pass(30);
    expect(await log()).toMatchObject([
      { level: 40, upstream: 'app', backend: 'b', reason: 'the oracle of floor 3 says no', msg: 'backend unhealthy' },
      { level: 30, upstream: 'app', backend: 'b', msg: 'backend healthy' },
    ]);
  });

  it('counts probes and shows the verdict, for the backends that are checked', async () => {
    const { init, metrics, pass } = await setup({
      app: upstream({ name: 'oracle', options: {} }, 'a', 'b'),
      other: upstream(undefined, 'c'),
    });
    await init();
    down.add('b');
    await pass(20);
    const lines = (await metrics()).filter(line => /^gatehouse_(probes_total|backend_healthy){/.test(line));
    expect(lines).toEqual([
      'gatehouse_probes_total{upstream="app",backend="a",result="healthy"} 4',
      'gatehouse_probes_total{upstream="app",backend="a",result="unhealthy"} 0',
      'gatehouse_probes_total{upstream="app",backend="b",result="healthy"} 0',
      'gatehouse_probes_total{upstream="app",backend="b",result="unhealthy"} 4',
      'gatehouse_backend_healthy{upstream="app",backend="a"} 1',
      'gatehouse_backend_healthy{upstream="app",backend="b"} 0',
    ]);
  });

  it('watches a backend that is found for as long as it is there', async () => {
    const { application, init, available, metrics, pass } = await setup({
      app: upstream({ name: 'oracle', options: {} }, 'a'),
    });
    const find = (...ids: string[]) => {
      const found = ids.map(id => ({ id, url: `http://${id}:80`, weight: 1, backup: false }));
      application.get(Upstreams).found('app', found, 1_000);
    };
    await init();
    find('b', 'c');
    down.add('b');
    await pass(20);
    expect(available('app')).toEqual(['a', 'c']);
    find('c');
    expect((await metrics()).filter(line => line.includes('backend="b"'))).toEqual([]);
    expect(vi.getTimerCount()).toBe(2);
    find('b');
    expect(available('app')).toEqual(['a', 'b']);
    await pass(20);
    expect(available('app')).toEqual(['a']);
  });

  it('has no timer after the application has shut down, and none when it never started', async () => {
    const { application, init, pass } = await setup({ app: upstream({ name: 'oracle', options: {} }, 'a', 'b') });
    expect(vi.getTimerCount()).toBe(0);
    await init();
    expect(vi.getTimerCount()).toBe(2);
    await pass(7);
    const monitor = application.get(HealthMonitor);
    await application.close();
    expect(vi.getTimerCount()).toBe(0);
    monitor.start();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('starts once, however often it is told to', async () => {
    const { application, init } = await setup({ app: upstream({ name: 'oracle', options: {} }, 'a') });
    await init();
    application.get(HealthMonitor).start();
    expect(vi.getTimerCount()).toBe(1);
  });

  it('stops the start of the application in one line when the probe is unknown', async () => {
    const { init } = await setup({ app: upstream({ name: 'oracel', options: {} }, 'a') });
    await expect(init()).rejects.toThrow(
      /^upstreams\.app\.healthCheck\.type: no probe is named "oracel", known are http, oracle, tcp \(did you mean "oracle"\?\)$/,
    );
  });

  it('stops the start in one line when the options are wrong', async () => {
    const { init } = await setup({ app: upstream({ name: 'oracle', options: { floor: 'attic' } }, 'a') });
    await expect(init()).rejects.toThrow(/^upstreams\.app\.healthCheck\.type\.floor: must be an integer number$/);
  });

  it('stops the start when two probes have one name', async () => {
    @Probe('tcp')
    class Tcp extends Oracle {}
    @Module({ providers: [Tcp] })
    class TcpModule {}
    const { init } = await setup({ app: upstream({ name: 'tcp', options: {} }, 'a') }, TcpModule);
    await expect(init()).rejects.toThrow(/^two classes are named probe "tcp": /);
  });
});
