import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { beforeAll, describe, expect, it } from 'vitest';
import { closeLater } from '../support/cleanup.js';
import { keepAliveAgent, request, type Response } from '../support/client.js';
import { figure } from '../support/figure.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { requireTool } from '../support/require-tool.js';

/** A scrape costs more than a look. */
const often = { interval: 30 };
const away = 'the rate-limit store is out of reach';
const back = 'the rate-limit store can be used';
const lines = (gateway: InProcessGateway, msg: string): number => gateway.logs.filter(line => line.msg === msg).length;
/** The store has been reported lost and found so many times, and no more. */
async function expectReports(gateway: InProcessGateway, lost: number, found: number): Promise<void> {
  await gateway.waitForLog(() => lines(gateway, away) >= lost && lines(gateway, back) >= found);
  expect([lines(gateway, away), lines(gateway, back)]).toEqual([lost, found]);
}
const passed = (responses: readonly Response[]): number => responses.filter(({ status }) => status === 200).length;

describe('rate limits on a Redis server', () => {
  requireTool('redis-server');
  /** A server for all tests that leave it as it is. */
  let shared: RedisServer;

  beforeAll(async () => {
    shared = await startRedis();
  });

  const configOn = (url: string, rateLimit: object, prefix = 'gw:'): object => ({
    upstreams: { app: { backends: ['http://127.0.0.1:9'] } },
    routes: [{ match: { path: '/*' }, respond: { status: 200, body: 'passed' } }],
    rateLimitStore: { redis: url, prefix },
    security: { rateLimit },
  });

  async function gatewayOn(redis: RedisServer, rateLimit: object, prefix?: string): Promise<InProcessGateway> {
    return startInProcess(configOn(redis.url, rateLimit, prefix));
  }

  /** The same, once it has found its server. */
  async function gatewayAt(...args: Parameters<typeof gatewayOn>): Promise<InProcessGateway> {
    const gateway = await gatewayOn(...args);
    await untilBack(gateway);
    return gateway;
  }

  function flood(gateways: readonly InProcessGateway[], count: number): Promise<Response[]> {
    return Promise.all(
      Array.from({ length: count }, (_, i) => request((gateways[i % gateways.length] as InProcessGateway).port)),
    );
  }

  /** A connection of the test's own. */
  function connect(redis: RedisServer): Redis {
    const client = new Redis(redis.url);
    closeLater(() => client.disconnect());
    return client;
  }

  const untilBack = (gateway: InProcessGateway): Promise<unknown> =>
    eventually(async () => (await gateway.metric('gatehouse_rate_limit_store_up')) === 1, {
      ...often,
      what: 'the store',
    });
  const untilAway = (gateway: InProcessGateway): Promise<unknown> =>
    eventually(async () => (await gateway.metric('gatehouse_rate_limit_store_up')) === 0, {
      ...often,
      what: 'its loss',
    });

  it('are exact across gateways, to the request', async () => {
    const limit = { limit: 50, per: '1h' };
    const gateways = await Promise.all([1, 2, 3].map(() => gatewayAt(shared, limit, 'exact:')));
    const responses = await flood(gateways, 120);
    expect(passed(responses)).toBe(50);
    const denied = responses.find(({ status }) => status === 429);
    expect(denied?.header('retry-after')).toMatch(/^7\d$/);
    expect(denied?.header('ratelimit')).toMatch(/^"default";r=0;t=7\d$/);
  });

  it('go on at the rate that was asked for, by the clock of the server', async () => {
    const limit = { limit: 50, per: '1s', burst: 5 };
    const gateways = await Promise.all([1, 2].map(() => gatewayAt(shared, limit, 'rate:')));
    const start = performance.now();
    let count = 0;
    let last = start;
    // However slow the machine of a test may be, more than the burst must come.
    while (count < 40) {
      const responses = await flood(gateways, 4);
      last = performance.now();
      count += passed(responses);
    }
    const seconds = (last - start) / 1000;
    figure(`two gateways on one Redis, 50/s + 5: ${count} let through in ${seconds.toFixed(3)} s`);
    expect(count).toBeLessThanOrEqual(Math.floor(5 + 50 * seconds) + 1);
  });

  it('count apart under another prefix', async () => {
    const limit = { limit: 1, per: '1h' };
    const one = await gatewayAt(shared, limit, 'one:');
    const other = await gatewayAt(shared, limit, 'other:');
    expect(passed(await flood([one], 3))).toBe(1);
    expect(passed(await flood([other], 3))).toBe(1);
  });

  it('must all agree there too, and one that refuses spends nothing of the others', async () => {
    const limits = [
      { limit: 4, per: '1h', key: 'global' },
      { limit: 1, per: '1h', key: 'header:x-user' },
    ];
    const gateway = await gatewayAt(shared, limits, 'all:');
    const as = async (user: string): Promise<number> =>
      (await request(gateway.port, { headers: { 'x-user': user } })).status;
    const first = await Promise.all(Array.from({ length: 5 }, () => as('a')));
    expect(first.filter(status => status === 200)).toHaveLength(1);
    for (const user of ['b', 'c', 'd']) expect(await as(user)).toBe(200);
    expect(await as('e')).toBe(429);
  });

  it('leave keys that name no secret and go away by themselves', async () => {
    const secret = 'key-of-a-client';
    const limits = [
      { limit: 1, per: '1s', key: 'header:x-api-key' },
      { limit: 1, per: '1s' },
    ];
    const gateway = await gatewayAt(shared, limits, 'kept:');
    const client = connect(shared);
    await request(gateway.port, { headers: { 'x-api-key': secret } });
    const keys = await client.keys('kept:*');
    expect(keys.length).toBeGreaterThanOrEqual(2);
    expect(keys.some(key => key.endsWith(':127.0.0.1'))).toBe(true);
    expect((await client.keys('*')).join()).not.toContain(secret);
    const gone = async (): Promise<boolean> => (await client.keys('kept:*')).length === 0;
    await eventually(gone, { interval: 50, what: 'the end of all keys' });
  });

  it('do without a server that is killed, at once, and use it again when it is back', async () => {
    const redis = await startRedis();
    const gateway = await gatewayAt(redis, { limit: 10, per: '1h' });
    expect(passed(await flood([gateway], 30))).toBe(10);
    await redis.kill();
    const during = await flood([gateway], 40);
    // Each machine counts for itself then, from nothing.
    expect(during.every(({ status }) => status === 200 || status === 429)).toBe(true);
    expect(passed(during)).toBe(10);
    await untilAway(gateway);
    const start = performance.now();
    await flood([gateway], 50);
    figure(`50 requests without their Redis: ${(performance.now() - start).toFixed(0)} ms`);
    expect(await gateway.metric('gatehouse_rate_limit_store_fallbacks_total')).toBeGreaterThanOrEqual(90);
    await expectReports(gateway, 1, 1);

    await redis.restart();
    await untilBack(gateway);
    expect(passed(await flood([gateway], 30))).toBe(10);
    await expectReports(gateway, 1, 2);
  });

  it('wait a quarter of a second for a server that says nothing, and then no more', async () => {
    const redis = await startRedis();
    const gateway = await gatewayAt(redis, { limit: 1000, per: '1h' });
    redis.freeze();
    closeLater(() => redis.thaw());
    expect(passed(await flood([gateway], 20))).toBe(20);
    await untilAway(gateway);
    const commands = await gateway.metric('gatehouse_rate_limit_store_failures_total');
    const start = performance.now();
    const responses = await flood([gateway], 50);
    const took = performance.now() - start;
    figure(`50 requests beside a frozen Redis: ${took.toFixed(0)} ms`);
    expect(passed(responses)).toBe(50);
    // None of them was sent to it.
    expect(await gateway.metric('gatehouse_rate_limit_store_failures_total')).toBe(commands);
    redis.thaw();
    await untilBack(gateway);
    expect(responses.at(-1)?.header('ratelimit')).toMatch(/^"default";r=\d+;t=\d+$/);
    await expectReports(gateway, 1, 2);
  });

  it('make a new connection when the old one is dead without having been closed', async () => {
    const network = await startNetwork(shared.port);
    const gateway = await startInProcess(
      configOn(`redis://127.0.0.1:${network.port}`, { limit: 1000, per: '1h' }, 'lost:'),
    );
    network.loseConnections();
    expect(passed(await flood([gateway], 5))).toBe(5);
    await untilAway(gateway);
    await untilBack(gateway);
    await flood([gateway], 1);
    expect(await connect(shared).keys('lost:*')).toHaveLength(1);
  });

  it('let everybody through, uncounted, while it is away and onStoreFailure is allow', async () => {
    const redis = await startRedis();
    const gateway = await gatewayAt(redis, { limit: 2, per: '1h', onStoreFailure: 'allow' });
    expect(passed(await flood([gateway], 5))).toBe(2);
    await redis.kill();
    await untilAway(gateway);
    const responses = await flood([gateway], 10);
    expect(passed(responses)).toBe(10);
    expect(responses[0]?.header('ratelimit')).toBeUndefined();
    expect(responses[0]?.header('ratelimit-policy')).toBe('"default";q=2;w=3600');
  });

  it('let no request through while it is away and onStoreFailure is deny, with 503 and not 429', async () => {
    const redis = await startRedis();
    const gateway = await gatewayAt(redis, [
      { limit: 100, per: '1h', onStoreFailure: 'deny' },
      { limit: 100, per: '1h', key: 'global' },
    ]);
    expect(passed(await flood([gateway], 3))).toBe(3);
    await redis.kill();
    await untilAway(gateway);
    const [denied] = await flood([gateway], 1);
    expect(denied?.status).toBe(503);
    expect(denied?.header('retry-after')).toBe('1');
    expect(denied?.header('x-gateway-error')).toBe('LIMIT_UNAVAILABLE');
    expect(denied?.text).not.toMatch(/redis/i);
    await redis.restart();
    await untilBack(gateway);
    expect(passed(await flood([gateway], 1))).toBe(1);
  });

  it('do not keep a gateway from starting without its server', async () => {
    const redis = await startRedis();
    await redis.kill();
    const gateway = await gatewayOn(redis, { limit: 5, per: '1h' });
    expect(passed(await flood([gateway], 10))).toBe(5);
    await gateway.waitForLog(({ msg, reason }) => msg === away && String(reason).includes('ECONNREFUSED'));
    await redis.restart();
    await untilBack(gateway);
    await expectReports(gateway, 1, 1);
  });

  it('do not keep a gateway from starting while its server takes connections and says nothing', async () => {
    const redis = await startRedis();
    redis.freeze();
    closeLater(() => redis.thaw());
    const gateway = await gatewayOn(redis, { limit: 5, per: '1h' });
    expect(passed(await flood([gateway], 10))).toBe(5);
    redis.thaw();
    await untilBack(gateway);
    await expectReports(gateway, 1, 1);
  });

  it('survive a pause of the gateway itself, after which timers are due before answers', async () => {
    const gateway = await gatewayAt(shared, { limit: 5, per: '1h', key: 'header:x-user' }, 'pause:');
    const agent = keepAliveAgent(10);
    const tenOf = (user: string): Promise<Response[]> =>
      Promise.all(Array.from({ length: 10 }, () => request(gateway.port, { agent, headers: { 'x-user': user } })));
    // The connections are made before, so that little but the commands meets it.
    await tenOf('before');
    let open = true;
    const responses = tenOf('meanwhile').finally(() => (open = false));
    // Slow code in the same process delays each command.
    while (open) {
      const until = performance.now() + 300;
      while (performance.now() < until);
      await immediate();
    }
    expect(passed(await responses)).toBe(5);
    expect(await gateway.metric('gatehouse_rate_limit_store_failures_total')).toBe(0);
  });

  it('use a server only while it can count: one that is read-only is out of reach', async () => {
    const redis = await startRedis();
    const gateway = await gatewayAt(redis, { limit: 5, per: '1h' });
    const operator = connect(redis);
    await operator.replicaof('127.0.0.1', '1');
    expect(passed(await flood([gateway], 10))).toBe(5);
    await untilAway(gateway);
    await gateway.waitForLog(({ msg, reason }) => msg === away && String(reason).includes('READONLY'));
    await operator.replicaof('NO', 'ONE');
    await untilBack(gateway);
  });

  it('survive that the server forgets its scripts', async () => {
    const gateway = await gatewayAt(shared, { limit: 5, per: '1h' }, 'scripts:');
    await connect(shared).script('FLUSH');
    expect(passed(await flood([gateway], 10))).toBe(5);
    expect(await gateway.metric('gatehouse_rate_limit_store_failures_total')).toBe(0);
  });
});

/** A network between a gateway and its Redis, in which packets of the connections that are open can get lost for good. */
async function startNetwork(to: number): Promise<{ readonly port: number; loseConnections(): void }> {
  const pairs = new Set<readonly [net.Socket, net.Socket]>();
  const server = net.createServer(client => {
    const redis = net.connect(to, '127.0.0.1');
    for (const socket of [client, redis]) socket.on('error', () => undefined);
    client.pipe(redis).pipe(client);
    pairs.add([client, redis]);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater(() => {
    for (const socket of [...pairs].flat()) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    loseConnections: () => pairs.forEach(pair => pair.forEach(socket => socket.unpipe().pause())),
  };
}
