import { describe, expect, it } from 'vitest';
import { request } from '../support/client.js';
import { startDns } from '../support/dns-server.js';
import { answersFromNow, backendsAre, foundAt } from '../support/found-scene.js';
import { buildInProcess, startInProcess } from '../support/in-process.js';
import { errorsOf, startLoad } from '../support/load.js';
import { eventually } from '../support/poll.js';
import { expectAtRest } from '../support/scene.js';
import { startService } from '../support/service.js';
import { openWebSocket } from '../support/websocket-client.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';

const [one, two, three] = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;
describe('backends behind a name', () => {
  it('are real backends, which the operator sees', async () => {
    const dns = await startDns();
    const service = await startService(one, two);
    dns.host('orders.test', [one, two]);
    const gateway = await startInProcess(foundAt(dns, { port: service.port }));
    const ids = [service.id(one), service.id(two)];
    await backendsAre(gateway, ids);
    const upstreams = (await request(gateway.adminPort, { path: '/upstreams' })).json<{ backends: object[] }[]>();
    expect(upstreams[0]?.backends[1]).toMatchObject({
      id: ids[1],
      url: `http://${ids[1]}`,
      weight: 1,
      available: true,
    });
    const health = (await request(gateway.adminPort, { path: '/health' })).json<{ details: object }>();
    expect(health.details).toMatchObject({ 'upstream:app': { status: 'up', backends: 2, available: 2 } });
    const routes = (await request(gateway.adminPort, { path: '/routes' })).json<object[]>();
    expect(routes).toMatchObject([{ target: 'upstream app' }]);
    expect(await gateway.metric('gatehouse_discovery_backends', { upstream: 'app' })).toBe(2);
    expect(await gateway.metric('gatehouse_circuit_state', { backend: ids[1]! })).toBe(0);
    const seriesOf = async (id: string): Promise<string[]> => {
      const { text } = await request(gateway.adminPort, { path: '/metrics' });
      return text.split('\n').filter(line => line.includes(id));
    };
    expect((await seriesOf(ids[1]!)).length).toBeGreaterThan(5);
    dns.host('orders.test', [one]);
    await backendsAre(gateway, [ids[0]!]);
    await eventually(async () => expect(await seriesOf(ids[1]!)).toEqual([]));
    expect((await seriesOf(ids[0]!)).length).toBeGreaterThan(5);
  });

  it('stay while DNS fails, which the log and a metric tell once', async () => {
    const dns = await startDns();
    const service = await startService(one, two);
    dns.host('orders.test', [one, two]);
    const gateway = await startInProcess(foundAt(dns, { port: service.port }));
    const load = startLoad(gateway.port, { connections: 4, rate: 100 });
    const ids = [service.id(one), service.id(two)];
    const lines = (text: string): number => gateway.logs.filter(({ msg }) => msg?.startsWith(text)).length;
    let rounds = 0;
    for (const behaviour of ['SERVFAIL', 'NXDOMAIN', 'REFUSED', 'silence', 'gone', 'no records'] as const) {
      const before = await gateway.metric('gatehouse_discovery_failures_total');
      if (behaviour === 'gone') await dns.stop();
      else if (behaviour === 'no records') dns.host('orders.test', []);
      else dns.behaviour = behaviour;
      const times = behaviour === 'silence' ? 1 : 3;
      await eventually(async () => (await gateway.metric('gatehouse_discovery_failures_total')) >= before + times);
      await backendsAre(gateway, ids);
      expect(await gateway.metric('gatehouse_discovery_failing')).toBe(1);
      if (behaviour === 'gone') await dns.start();
      dns.host('orders.test', [one, two]);
      dns.behaviour = 'records';
      await eventually(async () => (await gateway.metric('gatehouse_discovery_failing')) === 0);
      await gateway.flush();
      rounds++;
      expect([lines('discovery fails'), lines('discovery works again')]).toEqual([rounds, rounds]);
    }
    await load.stop();
    expect(errorsOf(load.answers)).toEqual({});
  });

  it('take another port, weight and rank with their SRV records', async () => {
    const dns = await startDns();
    const [old, young] = [await startService(one, two), await startService(one)];
    dns.host('a.test', [one]);
    dns.host('b.test', [two]);
    dns.service('orders.test', [
      { target: 'a.test', port: old.port, priority: 1, weight: 3 },
      { target: 'b.test', port: old.port, priority: 1, weight: 1 },
    ]);
    const gateway = await startInProcess(foundAt(dns, { type: 'SRV' }));
    const load = startLoad(gateway.port, { connections: 4 });
    const byPort = (await answersFromNow(load, 400)).filter(({ backend }) => backend === one).length;
    expect(byPort).toBeGreaterThan(280);
    dns.service('orders.test', [
      { target: 'a.test', port: young.port, priority: 1 },
      { target: 'b.test', port: old.port, priority: 2 },
    ]);
    await backendsAre(gateway, [young.id(one), old.id(two)]);
    const later = await answersFromNow(load, 100);
    expect(new Set(later.slice(20).map(({ backend }) => backend))).toEqual(new Set([one]));
    await load.stop();
    expect(errorsOf(load.answers)).toEqual({});
    const { text } = await request(gateway.adminPort, { path: '/upstreams' });
    expect(JSON.parse(text)).toMatchObject([{ backends: [{ backup: false }, { backup: true }] }]);
  });

  it('may be a thousand', async () => {
    const dns = await startDns();
    const service = await startService(one);
    const many = Array.from({ length: 999 }, (_, n) => `10.9.${n >> 8}.${n & 255}`);
    dns.host('orders.test', [...many, one]);
    const gateway = await startInProcess(
      foundAt(dns, { port: service.port }, { healthCheck: { type: 'tcp', interval: '1h' } }),
    );
    await eventually(async () => (await gateway.metric('gatehouse_discovery_backends')) === 1_000);
    dns.host('orders.test', [one]);
    await backendsAre(gateway, [service.id(one)]);
    expect((await request(gateway.port)).text).toBe(`${one} GET /`);
  });

  it('leave WebSockets that they have for shutdown.grace, then close them with 1001', async () => {
    const dns = await startDns();
    const sockets = await startWebSocketBackend();
    dns.host('orders.test', [one]);
    const grace = { shutdown: { grace: '600ms' } };
    const gateway = await startInProcess(foundAt(dns, { port: sockets.port }, {}, grace));
    const tunnel = await openWebSocket(gateway.port);
    dns.host('orders.test', [three]);
    await backendsAre(gateway, [`${three}:${sockets.port}`]);
    const at = performance.now();
    expect(await tunnel.ask('still there')).toBe('still there');
    expect((await tunnel.closed())[0]).toBe(1001);
    expect(performance.now() - at).toBeGreaterThan(400);
    await expectAtRest(gateway);
  });

  it('are given to a request that waits for one which is gone', async () => {
    const dns = await startDns();
    const service = await startService(one, two);
    service.silent.add(two);
    dns.host('orders.test', [two]);
    const upstream = { connections: { max: 1, queueTimeout: '20s' } };
    const gateway = await startInProcess(foundAt(dns, { port: service.port }, upstream));
    void request(gateway.port).catch(() => {});
    await eventually(() => service.requests.length === 1);
    const waiting = request(gateway.port);
    await eventually(async () => (await gateway.metric('gatehouse_pool_pending')) === 1);
    dns.host('orders.test', [one]);
    expect((await waiting).text).toBe(`${one} GET /`);
  });

  it('are those that a retry finds', async () => {
    const dns = await startDns();
    const service = await startService(one, two);
    dns.host('orders.test', [three, one]);
    const gateway = await startInProcess(foundAt(dns, { port: service.port }));
    for (let n = 0; n < 10; n++) expect((await request(gateway.port)).status).toBe(200);
  });
});

describe('a gateway', () => {
  it('starts without DNS after two seconds, and answers 503 until there is an answer, however long refresh is', async () => {
    const dns = await startDns();
    const service = await startService(one);
    await dns.stop();
    const at = performance.now();
    const gateway = await startInProcess(foundAt(dns, { port: service.port, refresh: '1h' }));
    expect(performance.now() - at).toBeGreaterThan(1_900);
    const early = await request(gateway.port);
    expect([early.status, early.header('x-gateway-error')]).toEqual([503, 'NO_BACKEND']);
    expect((await request(gateway.adminPort, { path: '/health/ready' })).status).toBe(503);
    dns.host('orders.test', [one]);
    await dns.start();
    await eventually(async () => expect((await request(gateway.port)).status).toBe(200));
    expect((await request(gateway.adminPort, { path: '/health/ready' })).status).toBe(200);
  });

  it('has its first backends before it listens', async () => {
    const dns = await startDns();
    const service = await startService(one);
    dns.host('orders.test', [one]);
    const gateway = await startInProcess(foundAt(dns, { port: service.port }));
    expect((await request(gateway.port)).status).toBe(200);
  });

  it('that is made and not started asks nothing', async () => {
    const dns = await startDns();
    const { gateway } = await buildInProcess(foundAt(dns, { port: 80 }));
    await gateway.stop(0);
    expect(dns.questions).toEqual([]);
  });
});
