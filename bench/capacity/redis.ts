import { Redis } from 'ioredis';
import { limited, sendKeys } from '#bench/capacity/keys';
import { Gateway } from '#bench/capacity/gateway';
import { fixed, scaled, type Measured, type Scale } from '#bench/capacity/part';
import { versionOf } from '#bench/machine';
import { freePort } from '#bench/ports';
import { withStage, type Running, type Stage } from '#bench/stage';

/** A redis-server of this run, and a connection to ask it by. */
export interface Server {
  readonly running: Running;
  readonly url: string;
  readonly client: Redis;
}

/** Starts a redis-server on loopback that keeps nothing on disk. */
export async function startRedis(stage: Stage): Promise<Server> {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const running = stage.start('redis', {
    file: 'redis-server',
    args: [...args, '--dir', stage.folderFor('redis data')],
  });
  await running.printed('Ready to accept connections');
  return { running, url: `redis://127.0.0.1:${port}`, client: new Redis(port, '127.0.0.1') };
}

/** Figures of `INFO` by name; those of one command are `cmdstat_name.calls` and the like. */
export async function infoOf(client: Redis): Promise<Map<string, number>> {
  const figures = new Map<string, number>();
  for (const line of (await client.info('all')).split('\r\n')) {
    const [name = '', value = ''] = line.split(':');
    if (!name.startsWith('cmdstat_')) figures.set(name, Number(value));
    else for (const each of value.split(',')) figures.set(`${name}.${each.split('=')[0]}`, Number(each.split('=')[1]));
  }
  return figures;
}

interface Cost {
  readonly limits: number;
  readonly requests: number;
  /** Scripts for each request: below 1 where a busy machine has made the gateway give some up. All others are for each script. */
  readonly scripts: number;
  readonly commands: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Microseconds of Redis: CPU of the whole process, and of the script itself. */
  readonly cpu: number;
  readonly script: number;
  /** Bytes that Redis keeps for each key. */
  readonly keyBytes: number;
}

const rounds = 3;

/** What each limited request costs the server, by its own figures: the round in which that was least. */
async function measureCost(stage: Stage, server: Server, limits: number, requests: number): Promise<Cost> {
  const all = Array.from({ length: limits }, (_, index) => ({ limit: 1000 + index, per: '1h', key: 'header:x-key' }));
  const gateway = await Gateway.start(
    stage,
    `redis ${limits}`,
    limited(all, { rateLimitStore: { redis: server.url } }),
  );
  const load = { port: gateway.port, connections: 32, ahead: 4 };
  await sendKeys(stage, { ...load, first: 0, keys: 100, requests });
  const costs: Cost[] = [];
  for (let round = 1; round <= rounds; round++) {
    const before = await infoOf(server.client);
    await sendKeys(stage, { ...load, first: round * 1e6, keys: requests, requests });
    const after = await infoOf(server.client);
    const scripts = (after.get('cmdstat_evalsha.calls') ?? 0) - (before.get('cmdstat_evalsha.calls') ?? 0);
    const grown = (name: string): number => ((after.get(name) ?? 0) - (before.get(name) ?? 0)) / scripts;
    costs.push({
      limits,
      requests,
      scripts: scripts / requests,
      commands: grown('total_commands_processed'),
      bytesIn: grown('total_net_input_bytes'),
      bytesOut: grown('total_net_output_bytes'),
      cpu: (grown('used_cpu_sys') + grown('used_cpu_user')) * 1e6,
      script: grown('cmdstat_evalsha.usec'),
      keyBytes: grown('used_memory') / limits,
    });
  }
  await gateway.stop();
  return costs.reduce((least, one) => (one.cpu < least.cpu ? one : least));
}

/** What limits on Redis cost its server. */
export async function measureRedis(scale: Scale): Promise<Measured> {
  if (versionOf('redis-server', ['--version'], /v=(\S+)/) === undefined)
    return { tables: [], notes: ['not measured: redis-server is not installed'], raw: undefined };
  const requests = scaled(10_000, scale);
  const costs = await withStage(async stage => {
    const server = await startRedis(stage);
    try {
      const all: Cost[] = [];
      for (const limits of [1, 2, 4]) all.push(await measureCost(stage, server, limits, requests));
      return all;
    } finally {
      server.client.disconnect();
    }
  });
  const head = [
    'limits of a route',
    'scripts/request',
    'commands with those of the script',
    'bytes to Redis',
    'bytes back',
    'µs CPU of Redis',
    'µs of the script',
    'bytes/key',
  ];
  const rows = costs.map(one => [
    String(one.limits),
    fixed(one.scripts, 2),
    fixed(one.commands),
    fixed(one.bytesIn, 0),
    fixed(one.bytesOut, 0),
    fixed(one.cpu),
    fixed(one.script),
    fixed(one.keyBytes, 0),
  ]);
  return { tables: [[head, ...rows]], notes: [], raw: costs };
}
