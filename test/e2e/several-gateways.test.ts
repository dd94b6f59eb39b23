import { beforeAll, describe, expect, it } from 'vitest';
import { request, type Response } from '../support/client.js';
import { metricAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { type RunningGateway, startGateway } from '../support/program.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { requireTool } from '../support/require-tool.js';

const limit = 40;

describe('two gateways, one of two workers, with one Redis server', () => {
  requireTool('redis-server');
  let redis: RedisServer;
  let gateways: readonly RunningGateway[];

  beforeAll(async () => {
    redis = await startRedis();
    const config = {
      upstreams: { app: { backends: ['http://127.0.0.1:9'] } },
      routes: [{ match: { path: '/*' }, respond: { body: 'passed' } }],
      rateLimitStore: { redis: redis.url },
      security: { rateLimit: { limit, per: '1h', key: 'header:x-client' } },
    };
    gateways = await Promise.all([1, 2].map(workers => startGateway({ ...config, workers })));
  });

  /** Requests of one client at once, each on a connection of its own, so that all workers get some. How many each gateway lets through. */
  async function flood(client: string, count = 160): Promise<number[]> {
    const responses = await Promise.all(
      Array.from({ length: count }, (_, index) => {
        const { port } = gateways[index % gateways.length]!;
        return request(port, { headers: { 'x-client': client } });
      }),
    );
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200, 429]));
    const isPassed = ({ status }: Response): boolean => status === 200;
    return gateways.map(
      (_, gateway) => responses.filter((one, index) => index % gateways.length === gateway && isPassed(one)).length,
    );
  }

  /** Waits until every worker of both gateways can use the server, or until one of each cannot. */
  async function until(up: 0 | 1): Promise<void> {
    for (const { adminPort } of gateways) {
      const isSo = async (): Promise<boolean> => (await metricAt(adminPort, 'gatehouse_rate_limit_store_up')) === up;
      await eventually(isSo, { interval: 50, what: up === 1 ? 'the store' : 'its loss' });
    }
  }

  const sum = (passed: readonly number[]): number => passed.reduce((total, each) => total + each, 0);

  it('let a client through as often as its limit says, over all three threads', async () => {
    await until(1);
    const [first, second] = await flood('a');
    expect(first! + second!).toBe(limit);
    // And not one of them alone.
    expect(Math.min(first!, second!)).toBeGreaterThan(0);
  });

  it('each count for themselves, their workers together, while the server is dead, and together again when it is back', async () => {
    await redis.kill();
    await until(0);
    expect(await flood('b')).toEqual([limit, limit]);
    await redis.restart();
    await until(1);
    expect(sum(await flood('b'))).toBe(limit);
  });
});
