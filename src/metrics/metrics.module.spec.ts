import { STATUS_CODES } from 'node:http';
import { Test } from '@nestjs/testing';
import { AggregatorRegistry, Registry, register } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { exchangeRecord } from '../../test/support/exchange-record.js';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { GatewayError } from '../http/gateway-error.js';
import { AttemptMetrics } from './attempt-metrics.js';
import { ExchangeMetrics } from './exchange-metrics.js';
import { MetricsModule, type MetricsSettings } from './metrics.module.js';
import { MetricsSources, type BackendState } from './metrics-sources.js';

const ordinary = exchangeRecord();

async function setup(changes: Partial<MetricsSettings> = {}) {
  const settings = { buckets: [0.01, 0.1], version: '1.2.3', processMetrics: false, ...changes };
  const module = await Test.createTestingModule({ imports: [MetricsModule.forRoot(settings)] }).compile();
  onTestFinished(() => module.close());
  const registry = module.get(Registry);
  const exchanges = module.get(ExchangeMetrics);
  return {
    registry,
    exchanges,
    attempts: module.get(AttemptMetrics),
    sources: module.get(MetricsSources),
    record: (changes: Partial<ExchangeRecord> = {}): void => {
      exchanges.opened(changes.listener ?? 'web');
      exchanges.closed({ ...ordinary, ...changes });
    },
    /** The lines of one metric, without its comments. */
    scrape: async (name: string): Promise<string[]> => {
      const lines = (await registry.metrics()).split('\n');
      return lines.filter(line => line.startsWith(`gatehouse_${name}`)).map(line => line.slice('gatehouse_'.length));
    },
  };
}

describe('the metrics of exchanges', () => {
  it('count requests by listener, route and exact status', async () => {
    const { record, scrape } = await setup();
    record();
    record();
    record({ status: 404, routeName: undefined, errorCode: 'NO_ROUTE' });
    record({ status: 0, listener: 'secure' });
    expect(await scrape('requests_total')).toEqual([
      'requests_total{listener="web",route="orders",status="200"} 2',
      'requests_total{listener="web",route="none",status="404"} 1',
      'requests_total{listener="secure",route="orders",status="other"} 1',
    ]);
  });

  it('only ever grow, however often they are scraped', async () => {
    const { record, scrape } = await setup();
    record();
    await scrape('requests_total');
    expect(await scrape('requests_total')).toEqual(['requests_total{listener="web",route="orders",status="200"} 1']);
    record();
    expect(await scrape('requests_total')).toEqual(['requests_total{listener="web",route="orders",status="200"} 2']);
  });

  it('count errors by code, and have no label outside the error table', async () => {
    const { record, scrape } = await setup();
    record({ status: 502, errorCode: 'CONNECT_FAILED' });
    record({ status: 502, errorCode: 'constructor' });
    expect(await scrape('errors_total')).toEqual([
      'errors_total{route="orders",code="CONNECT_FAILED",status="502",policy="none"} 1',
      'errors_total{route="orders",code="other",status="502",policy="none"} 1',
    ]);
  });

  it('tell a request that came too often from one that may not come at all', async () => {
    const { record, scrape } = await setup();
    const denied = (status: number, policy: string): void =>
      record({ status, errorCode: 'DENIED', error: new GatewayError('DENIED').because('no', { policy }) });
    denied(429, 'rate-limit');
    denied(429, 'rate-limit');
    denied(429, 'concurrency');
    denied(403, 'ip-filter');
    expect(await scrape('errors_total')).toEqual([
      'errors_total{route="orders",code="DENIED",status="429",policy="rate-limit"} 2',
      'errors_total{route="orders",code="DENIED",status="429",policy="concurrency"} 1',
      'errors_total{route="orders",code="DENIED",status="403",policy="ip-filter"} 1',
    ]);
  });

  it('say which limit was over, as the configuration has it, and how many there are is bounded', async () => {
    const { record, scrape } = await setup();
    const refused = (error: GatewayError): void => record({ status: error.status, errorCode: error.code, error });
    const over = (limit: string): void => refused(new GatewayError('DENIED').because('no', { limit }));
    over('security.rateLimit 10/1s per address');
    over('security.rateLimit 10/1s per address');
    over('security.rateLimit 1000/1m per route');
    refused(new GatewayError('CLIENT_TIMEOUT').because('late', { timeout: 'limits.headerTimeout 10s' }));
    refused(new GatewayError('HEAD_TIMEOUT').because('late', { timeout: 'timeouts.response 15s' }));
    expect(await scrape('limit_refusals_total')).toEqual([
      'limit_refusals_total{route="orders",limit="security.rateLimit 10/1s per address"} 2',
      'limit_refusals_total{route="orders",limit="security.rateLimit 1000/1m per route"} 1',
      'limit_refusals_total{route="orders",limit="limits.headerTimeout 10s"} 1',
    ]);
    for (let n = 0; n < 1_000; n++) over(`a policy that says what clients send: ${n}`);
    const lines = await scrape('limit_refusals_total');
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toBe('limit_refusals_total{route="orders",limit="other"} 953');
  });

  it('have few values for statuses, also where backends make some up', async () => {
    const { record, scrape } = await setup();
    for (let status = 0; status < 1_000; status++) record({ status });
    const lines = await scrape('requests_total');
    expect(lines.length).toBeLessThan(80);
    const madeUp = 100 - Object.keys(STATUS_CODES).filter(status => status.startsWith('5')).length;
    expect(lines).toContain(`requests_total{listener="web",route="orders",status="5xx"} ${madeUp}`);
    expect(lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)).toBe(1_000);
  });

  it('sum up body bytes and sort durations into the configured buckets, in seconds', async () => {
    const { record, scrape } = await setup();
    record();
    record({ times: { ...ordinary.times, closedAt: 1007.8125 } });
    expect(await scrape('request_body_bytes_total')).toEqual(['request_body_bytes_total{route="orders"} 6']);
    expect(await scrape('response_body_bytes_total')).toEqual(['response_body_bytes_total{route="orders"} 2000']);
    expect(await scrape('request_duration_seconds')).toEqual([
      'request_duration_seconds_bucket{le="0.01",route="orders"} 1',
      'request_duration_seconds_bucket{le="0.1",route="orders"} 2',
      'request_duration_seconds_bucket{le="+Inf",route="orders"} 2',
      'request_duration_seconds_sum{route="orders"} 0.0703125',
      'request_duration_seconds_count{route="orders"} 2',
    ]);
  });

  it('leave streams and tunnels out of the durations', async () => {
    const { record, scrape } = await setup();
    record({ protocol: 'websocket', times: { ...ordinary.times, closedAt: 9e6 } });
    record({ protocol: 'sse', times: { ...ordinary.times, closedAt: 9e6 } });
    expect(await scrape('request_duration_seconds_count')).toEqual([]);
    expect(await scrape('requests_total')).toHaveLength(1);
  });

  it('show what is in flight', async () => {
    const { exchanges, record, scrape } = await setup();
    exchanges.opened('web');
    record();
    expect(await scrape('requests_in_flight')).toEqual(['requests_in_flight{listener="web"} 1']);
  });

  it('make no series of what clients send', async () => {
    const { record, registry } = await setup();
    record();
    const count = (await registry.metrics()).split('\n').length;
    for (let n = 0; n < 50; n++)
      record({ path: `/${n}`, host: `h${n}`, clientIp: `10.0.0.${n}`, method: `M${n}`, id: `${n}` });
    expect((await registry.metrics()).split('\n')).toHaveLength(count);
  });
});

describe('the metrics of attempts', () => {
  it('count attempts by outcome and measure the time until the first byte', async () => {
    const { attempts, scrape } = await setup();
    attempts.attempt('orders', 'a', 'success', 5);
    attempts.attempt('orders', 'a', 'failure', undefined);
    expect(await scrape('attempts_total')).toEqual([
      'attempts_total{upstream="orders",backend="a",outcome="success"} 1',
      'attempts_total{upstream="orders",backend="a",outcome="failure"} 1',
      'attempts_total{upstream="orders",backend="a",outcome="ignored"} 0',
    ]);
    expect(await scrape('attempt_duration_seconds_sum')).toEqual([
      'attempt_duration_seconds_sum{upstream="orders"} 0.005',
    ]);
    expect(await scrape('attempt_duration_seconds_count')).toEqual([
      'attempt_duration_seconds_count{upstream="orders"} 1',
    ]);
  });

  it('measure each backend, by bounds of its own, and count its answers by class', async () => {
    const { attempts, scrape } = await setup({ backendBuckets: [0.05] });
    attempts.attempt('orders', 'a', 'success', 5, 200);
    attempts.attempt('orders', 'a', 'success', 5, 201);
    attempts.attempt('orders', 'a', 'failure', 80, 503);
    attempts.attempt('orders', 'b', 'failure', undefined);
    expect(await scrape('backend_response')).toEqual([
      'backend_response_duration_seconds_bucket{le="0.05",upstream="orders",backend="a"} 2',
      'backend_response_duration_seconds_bucket{le="+Inf",upstream="orders",backend="a"} 3',
      'backend_response_duration_seconds_sum{upstream="orders",backend="a"} 0.09',
      'backend_response_duration_seconds_count{upstream="orders",backend="a"} 3',
      'backend_responses_total{upstream="orders",backend="a",status="2xx"} 2',
      'backend_responses_total{upstream="orders",backend="a",status="5xx"} 1',
    ]);
  });

  it('measure only the mean of backends where there are no bounds', async () => {
    const { attempts, scrape } = await setup({ backendBuckets: [] });
    attempts.attempt('orders', 'a', 'success', 5, 200);
    expect(await scrape('backend_response_duration')).toEqual([
      'backend_response_duration_seconds_bucket{le="+Inf",upstream="orders",backend="a"} 1',
      'backend_response_duration_seconds_sum{upstream="orders",backend="a"} 0.005',
      'backend_response_duration_seconds_count{upstream="orders",backend="a"} 1',
    ]);
  });

  it('measure the time before a backend', async () => {
    const { attempts, scrape } = await setup();
    attempts.waited('orders', 50);
    expect(await scrape('queue_duration_seconds')).toEqual([
      'queue_duration_seconds_bucket{le="0.01",upstream="orders"} 0',
      'queue_duration_seconds_bucket{le="0.1",upstream="orders"} 1',
      'queue_duration_seconds_bucket{le="+Inf",upstream="orders"} 1',
      'queue_duration_seconds_sum{upstream="orders"} 0.05',
      'queue_duration_seconds_count{upstream="orders"} 1',
    ]);
  });

  it('forget backends that discovery took away, once their last attempts were shown', async () => {
    const { attempts, sources, scrape } = await setup();
    let ids = ['a', 'b'];
    sources.addBackends(() => ids.map(id => ({ upstream: 'orders', backend: { id, inFlight: 0 }, available: true })));
    attempts.attempt('orders', 'a', 'success', 1, 200);
    attempts.attempt('orders', 'b', 'success', 1, 200);
    ids = ['a'];
    const ofB = async (): Promise<string[]> => (await scrape('')).filter(line => line.includes('backend="b"'));
    expect((await ofB()).length).toBe(3 + 1 + 2 + 3);
    expect(await ofB()).toEqual([]);
    expect(await scrape('attempts_total{upstream="orders",backend="a"')).toHaveLength(3);
    attempts.attempt('orders', 'b', 'failure', undefined);
    expect(await scrape('attempts_total{upstream="orders",backend="b",outcome="failure"')).toEqual([
      'attempts_total{upstream="orders",backend="b",outcome="failure"} 1',
    ]);
  });
});

describe('the gauges', () => {
  it('are read from their sources at the scrape', async () => {
    const { sources, scrape } = await setup();
    let states: BackendState[] = [
      {
        upstream: 'orders',
        backend: { id: 'a', inFlight: 4 },
        available: true,
        sending: 2,
        unread: 3,
        connections: { active: 3, idle: 2, pending: 1 },
      },
      { upstream: 'orders', backend: { id: 'b', inFlight: 0 }, available: false },
    ];
    const remove = sources.addBackends(() => states);
    sources.addListeners(() => [{ listener: 'web', connections: 7 }]);
    sources.addListeners(() => [{ listener: 'web', connections: 1 }]);
    expect(await scrape('backend_')).toEqual([
      'backend_available{upstream="orders",backend="a"} 1',
      'backend_available{upstream="orders",backend="b"} 0',
      'backend_in_flight{upstream="orders",backend="a"} 4',
      'backend_in_flight{upstream="orders",backend="b"} 0',
      'backend_sending{upstream="orders",backend="a"} 2',
      'backend_sending{upstream="orders",backend="b"} 0',
      'backend_unread{upstream="orders",backend="a"} 3',
      'backend_unread{upstream="orders",backend="b"} 0',
    ]);
    expect(await scrape('pool_')).toEqual([
      'pool_connections{upstream="orders",backend="a",state="active"} 3',
      'pool_connections{upstream="orders",backend="a",state="idle"} 2',
      'pool_pending{upstream="orders",backend="a"} 1',
    ]);
    expect(await scrape('connections_open')).toEqual(['connections_open{listener="web"} 8']);
    sources.addMemory(() => ({ bodies: 5, answers: 6 }));
    sources.addMemory(() => ({ bodies: 1, answers: 0 }));
    expect(await scrape('client_memory')).toEqual([
      'client_memory_bytes{for="bodies"} 6',
      'client_memory_bytes{for="answers"} 6',
    ]);
    states = states.slice(1);
    expect(await scrape('backend_available')).toEqual(['backend_available{upstream="orders",backend="b"} 0']);
    remove();
    expect(await scrape('backend_available')).toEqual([]);
  });
});

describe('the registry', () => {
  it('belongs to one gateway: a second one in the process has its own, and the global one stays empty', async () => {
    const first = await setup();
    const second = await setup();
    first.record();
    expect(await second.scrape('requests_total')).toEqual([]);
    expect(await first.scrape('requests_total')).toHaveLength(1);
    expect(register.getMetricsAsArray()).toEqual([]);
  });

  it('shows the version, and the metrics of the process when they are enabled', async () => {
    const { scrape, registry } = await setup({ processMetrics: true });
    expect(await scrape('build_info')).toEqual(['build_info{version="1.2.3"} 1']);
    expect(await registry.metrics()).toMatch(/^process_resident_memory_bytes \d+/m);
    const worker = await setup();
    expect(await worker.registry.metrics()).not.toContain('process_');
  });

  it('can be merged with those of other threads: counts add up, what all threads share does not', async () => {
    const threads = [await setup(), await setup()];
    for (const { record, sources } of threads) {
      record();
      const [backend, connections] = [
        { id: 'a', inFlight: 4 },
        { active: 1, idle: 0, pending: 0 },
      ];
      sources.addBackends(() => [{ upstream: 'orders', backend, available: true, connections }]);
    }
    const merged = AggregatorRegistry.aggregate(
      await Promise.all(threads.map(({ registry }) => registry.getMetricsAsJSON())),
    );
    const text = await merged.metrics();
    expect(text).toContain('gatehouse_requests_total{listener="web",route="orders",status="200"} 2');
    expect(text).toContain('gatehouse_request_duration_seconds_count{route="orders"} 2');
    expect(text).toContain('gatehouse_pool_connections{upstream="orders",backend="a",state="active"} 2');
    expect(text).toContain('gatehouse_backend_in_flight{upstream="orders",backend="a"} 4');
    expect(text).toContain('gatehouse_backend_available{upstream="orders",backend="a"} 1');
    expect(text).toContain('gatehouse_build_info{version="1.2.3"} 1');
  });
});
