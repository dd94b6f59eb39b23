import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { StatusView } from '../../src/admin/api/views.js';
import { answer, refusedPort, startBackend, type TestBackend } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { request } from '../support/client.js';
import { openStream } from '../support/event-stream.js';
import { metricAt, vetoesAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { startGateway, type RunningGateway } from '../support/program.js';

const workers = 3;

/** Gives what holds answers back until it is called. */
function holding(): { handler: Parameters<typeof startBackend>[0]; release: () => void } {
  let held: (() => void)[] | undefined = [];
  return {
    handler: (_, response) => {
      if (held === undefined) response.end('ok');
      else held.push(() => response.end('ok'));
    },
    release: () => {
      for (const answer of held ?? []) answer();
      held = undefined;
    },
  };
}

/** So many requests at once, each on a connection of its own: the system deals them out among the workers. */
const atOnce = (gateway: RunningGateway, path: string, count: number) =>
  Array.from({ length: count }, () => request(gateway.port, { path }));

const statuses = async (requests: readonly Promise<{ readonly status: number }>[]): Promise<Record<number, number>> => {
  const counts: Record<number, number> = {};
  for (const { status } of await Promise.all(requests)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

describe('a gateway of several workers', () => {
  let gateway: RunningGateway;
  let config: { upstreams: Record<string, object>; routes: object[]; [key: string]: unknown };
  const [few, least] = [holding(), holding()];
  let narrow: TestBackend;
  let balanced: TestBackend[];
  let probed: TestBackend;
  let isWell = true;

  beforeAll(async () => {
    narrow = await startBackend(few.handler);
    balanced = await Promise.all([startBackend(least.handler), startBackend(least.handler)]);
    probed = await startBackend((incoming, response) => {
      response.statusCode = incoming.url === '/health' && !isWell ? 500 : 200;
      response.end('probed');
    });
    const dead = `http://127.0.0.1:${await refusedPort()}`;
    const good = await startBackend(answer(200, 'good'));
    const route = (name: string, more: object) => ({ name, match: { path: `/${name}` }, ...more });
    config = {
      workers,
      listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }],
      admin: { host: '127.0.0.1', port: 0 },
      upstreams: {
        narrow: { backends: [narrow.url], connections: { max: 3, queue: 100, queueTimeout: '20s' } },
        balanced: { backends: balanced.map(({ url }) => url), strategy: 'least-connections' },
        failing: {
          backends: [{ id: 'dead', url: dead }],
          fallback: { upstream: 'good' },
          circuitBreaker: { openFor: '1h' },
        },
        good: { backends: [good.url] },
        probed: {
          backends: [{ id: 'probed', url: probed.url }],
          healthCheck: { path: '/health', interval: '500ms', timeout: '500ms', unhealthyAfter: 2, healthyAfter: 1 },
        },
      },
      routes: [
        route('narrow', { upstream: 'narrow' }),
        route('balanced', { upstream: 'balanced' }),
        route('failing', { upstream: 'failing' }),
        route('probed', { upstream: 'probed' }),
        route('limited', { respond: {}, security: { rateLimit: { limit: 100, per: '10h', key: 'global' } } }),
        route('said', { respond: { body: 'first' } }),
      ],
    };
    gateway = await startGateway(config);
  });

  it('says how many there are, and all of them carry traffic on one port', async () => {
    expect(await gateway.waitForLog(({ msg }) => msg === 'started')).toMatchObject({ workers });
    expect(gateway.logs().filter(({ msg }) => msg === 'listening')).toHaveLength(2);
    expect(await metricAt(gateway.adminPort, 'gatehouse_workers')).toBe(workers);
    const before = await metricAt(gateway.adminPort, 'gatehouse_requests_total', { route: 'said' });
    expect(await statuses(atOnce(gateway, '/said', 60))).toEqual({ 200: 60 });
    await eventually(async () => {
      expect(await metricAt(gateway.adminPort, 'gatehouse_requests_total', { route: 'said' })).toBe(before + 60);
    });
  });

  it('lets through what a limit allows, to the request, whichever workers get them', async () => {
    expect(await statuses(atOnce(gateway, '/limited', 250))).toEqual({ 200: 100, 429: 150 });
  });

  it('gives a backend no more requests at once than connections.max, and each that waits its turn', async () => {
    let most = 0;
    const asked = atOnce(gateway, '/narrow', 30);
    await eventually(() => narrow.requests.length === 3);
    await eventually(async () => {
      most = Math.max(most, narrow.requests.length);
      expect(await metricAt(gateway.adminPort, 'gatehouse_pool_pending', { upstream: 'narrow' })).toBe(27);
    });
    expect(most).toBe(3);
    expect(await metricAt(gateway.adminPort, 'gatehouse_backend_in_flight', { upstream: 'narrow' })).toBe(3);
    few.release();
    expect(await statuses(asked)).toEqual({ 200: 30 });
    expect(await metricAt(gateway.adminPort, 'gatehouse_backend_in_flight', { upstream: 'narrow' })).toBe(0);
  });

  it('balances by the requests that all workers have in flight', async () => {
    const asked = [];
    for (let n = 1; n <= 20; n++) {
      asked.push(...atOnce(gateway, '/balanced', 1));
      await eventually(() => balanced[0]!.requests.length + balanced[1]!.requests.length === n);
    }
    expect(balanced.map(({ requests }) => requests.length)).toEqual([10, 10]);
    least.release();
    expect(await statuses(asked)).toEqual({ 200: 20 });
  });

  it('opens the circuit of a backend in all workers, when it has opened in one', async () => {
    const opened = () => gateway.logs().filter(({ msg, backend }) => msg === 'circuit opened' && backend === 'dead');
    await eventually(async () => {
      await statuses(atOnce(gateway, '/failing', 10));
      expect(opened()).not.toHaveLength(0);
    });
    const failures = () =>
      metricAt(gateway.adminPort, 'gatehouse_attempts_total', { upstream: 'failing', outcome: 'failure' });
    await eventually(async () => expect((await vetoesAt(gateway.adminPort))['dead']).toEqual(['circuit-open']));
    // A worker may still be about to hear of it.
    await eventually(async () => {
      const before = await failures();
      expect(await statuses(atOnce(gateway, '/failing', 30))).toEqual({ 200: 30 });
      expect(await failures()).toBe(before);
    });
  });

  it('keeps all workers from a backend while its probes fail', async () => {
    await eventually(async () => expect(await statuses(atOnce(gateway, '/probed', 20))).toEqual({ 200: 20 }));
    isWell = false;
    await eventually(async () => expect(await statuses(atOnce(gateway, '/probed', 20))).toEqual({ 503: 20 }));
    isWell = true;
    await eventually(async () => expect(await statuses(atOnce(gateway, '/probed', 20))).toEqual({ 200: 20 }));
  });

  it('drains a backend by hand in all workers', async () => {
    const post = { method: 'POST' };
    const drain = { ...post, path: '/upstreams/probed/backends/probed/drain' };
    expect((await request(gateway.adminPort, drain)).status).toBe(200);
    await eventually(async () => expect(await statuses(atOnce(gateway, '/probed', 20))).toEqual({ 503: 20 }));
    const undrain = { ...post, path: '/upstreams/probed/backends/probed/undrain' };
    expect((await request(gateway.adminPort, undrain)).status).toBe(200);
    await eventually(async () => expect(await statuses(atOnce(gateway, '/probed', 20))).toEqual({ 200: 20 }));
  });

  it('holds a circuit open by hand in all workers, and closes it in all of them', async () => {
    const act = (what: string) => {
      const path = `/upstreams/probed/backends/probed/breaker/${what}`;
      return request(gateway.adminPort, { method: 'POST', path });
    };
    expect((await act('open')).status).toBe(200);
    await eventually(async () => expect(await statuses(atOnce(gateway, '/probed', 20))).toEqual({ 503: 20 }));
    const transitions = () =>
      metricAt(gateway.adminPort, 'gatehouse_circuit_transitions_total', { backend: 'probed', to: 'open' });
    expect(await transitions()).toBe(1);
    expect((await act('close')).status).toBe(200);
    await eventually(async () => expect(await statuses(atOnce(gateway, '/probed', 20))).toEqual({ 200: 20 }));
  });

  it('shows operators what goes on in all workers, request by request too', async () => {
    const tail = await openStream(gateway.adminPort, { path: '/tail?route=said' });
    // Each worker has to hear of it first.
    await eventually(async () => {
      await statuses(atOnce(gateway, '/said', 20));
      return (await request(gateway.adminPort, { path: '/status' })).json<StatusView>().threads.length === workers + 1;
    });
    const status = await eventually(async () => {
      const view = (await request(gateway.adminPort, { path: '/status' })).json<StatusView>();
      return view.routes.some(({ name, requests }) => name === 'said' && requests >= 20) && view;
    });
    expect(status.threads.map(({ state, thread }) => [thread, state])).toEqual(
      ['main', '1', '2', '3'].map(thread => [thread, 'running']),
    );
    await eventually(async () => {
      await statuses(atOnce(gateway, '/said', 20));
      return [...tail.text.matchAll(/"route":"said","attempts"/g)].length >= 20;
    });
    tail.leave();
  });

  it('takes another configuration in all workers, and a listener that it adds is served by all', async () => {
    const says = (body: string, port = gateway.port) =>
      Promise.all(Array.from({ length: 20 }, () => request(port, { path: '/said' }))).then(all =>
        expect([...new Set(all.map(({ text }) => text))]).toEqual([body]),
      );
    await says('first');
    const routes = config.routes.map(route =>
      'name' in route && route.name === 'said' ? { ...route, respond: { body: 'second' } } : route,
    );
    const more = { listeners: [...(config['listeners'] as object[]), { name: 'more', host: '127.0.0.1', port: 0 }] };
    await writeFile(gateway.configFile!, stringify({ ...config, routes, ...more }));
    await gateway.waitForLog(({ msg }) => msg === 'route said: respond.body first → second');
    await eventually(() => says('second'));
    await eventually(() => says('second', gateway.ports['more']!));
    expect(gateway.logs().filter(({ msg }) => msg === 'configuration changed')).toHaveLength(1);
  });

  it('keeps the configuration that it has when a worker could not have another', async () => {
    const taken = createServer().listen({ host: '127.0.0.1', port: 0 });
    closeLater(() => taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const text = stringify({ ...config, listeners: [{ name: 'taken', host: '127.0.0.1', port }] });
    await writeFile(gateway.configFile!, text);
    await gateway.waitForLog(({ msg }) => msg?.includes('another program listens there already') === true);
    expect(await statuses(atOnce(gateway, '/said', 20))).toEqual({ 200: 20 });
  });
});
