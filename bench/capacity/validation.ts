import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Gateway } from '#bench/capacity/gateway';
import { limited } from '#bench/capacity/keys';
import { fixed, type Measured, type Scale } from '#bench/capacity/part';
import { startRedis } from '#bench/capacity/redis';
import type { OpenLoad } from '#bench/load/open-loop';
import { nodeBinary, versionOf } from '#bench/machine';
import { playFleet, type Evenness, type ModelStrategy } from '#bench/model/balance';
import { chanceOf } from '#bench/model/chance';
import { playOutage, type Outage, type OutageResult } from '#bench/model/redis';
import { freePorts } from '#bench/ports';
import { withStage } from '#bench/stage';

const seed = 1;
/** What the real fleet is: small enough for this machine. */
const fleet = { backends: 10, gateways: 2, workers: 2, rate: 400, spread: 'same', turns: 'any' } as const;
const milliseconds = 100;

type InFlight = Pick<Evenness, 'inFlight' | 'inFlightDeviation' | 'inFlightMost'>;

/** Two gateways with two workers each before ten backends: what is in flight at each backend, looked at ten times a second. */
async function measureFleet(strategy: ModelStrategy, seconds: number): Promise<InFlight> {
  return withStage(async stage => {
    const addresses = (await freePorts(fleet.backends)).map(port => `127.0.0.1:${port}`);
    const late = join(import.meta.dirname, '../servers/late-backend.ts');
    stage.start('backends', {
      file: nodeBinary,
      args: [late, ...addresses.map(address => `${address}=${milliseconds}`)],
    });
    const settings = {
      workers: fleet.workers,
      upstreams: { app: { strategy, backends: addresses.map(address => `http://${address}`) } },
    };
    const gateways = await Promise.all(['one', 'two'].map(name => Gateway.start(stage, name, settings)));
    for (const { port } of gateways) {
      const load: OpenLoad = {
        ...{ port, path: '/', answerBytes: 1024, connections: 200, spacing: 'poisson' },
        ...{ rate: fleet.rate / fleet.gateways, leadIn: 2, seconds },
      };
      stage.start(`load ${port}`, {
        file: nodeBinary,
        args: [join(import.meta.dirname, '../load/open-loop.ts'), JSON.stringify(load)],
      });
    }
    await pause(3000);
    const looks: { mean: number; deviation: number; most: number }[] = [];
    for (const end = performance.now() + (seconds - 2) * 1000; performance.now() < end; await pause(100)) {
      const series = await Promise.all(
        gateways.map(gateway => gateway.series('gatehouse_backend_in_flight', 'backend')),
      );
      const counts = addresses.map(address => series.reduce((sum, each) => sum + (each[address] ?? 0), 0));
      const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
      const squares = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
      looks.push({ mean, deviation: Math.sqrt(squares), most: Math.max(...counts) });
    }
    const average = (of: (look: (typeof looks)[number]) => number): number =>
      looks.reduce((sum, look) => sum + of(look), 0) / looks.length;
    return {
      inFlight: average(({ mean }) => mean),
      inFlightDeviation: average(({ deviation }) => deviation),
      inFlightMost: average(({ most }) => most),
    };
  });
}

const outages: Readonly<Record<string, Outage>> = Object.fromEntries(
  (['crash', 'hang'] as const).map(kind => {
    const limit = { limit: 50, per: 10, demand: 200, onStoreFailure: 'local' } as const;
    return [kind, { ...limit, gateways: 2, workers: 2, from: 4, to: 8, seconds: 12, kind }];
  }),
);

/** Two gateways with two workers each and one limit on a real redis-server, which is killed, or stopped for a time. Each request has a connection of its own. Delayed are those whose commands have failed. */
async function measureOutage({
  demand,
  from,
  kind,
  limit,
  per,
  seconds,
  to,
  workers,
}: Outage): Promise<Omit<OutageResult, 'exact'>> {
  return withStage(async stage => {
    const server = await startRedis(stage);
    server.client.disconnect();
    const settings = limited([{ limit, per: `${per}s`, key: 'global' }], {
      workers,
      rateLimitStore: { redis: server.url },
    });
    const gateways = await Promise.all(['one', 'two'].map(name => Gateway.start(stage, name, settings)));
    const agent = new Agent({ keepAlive: false });
    const counts = { before: 0, during: 0, after: 0, delayed: 0 };
    const began = performance.now();
    const send = (port: number, at: number): void => {
      request({ port, host: '127.0.0.1', agent }, response => {
        response.resume();
        if (response.statusCode === 204) counts[at < from ? 'before' : at < to ? 'during' : 'after']++;
      })
        .on('error', () => {})
        .end();
    };
    const chance = chanceOf(seed);
    const now = (): number => (performance.now() - began) / 1000;
    let isAway = false;
    let isBack = false;
    for (let due = 0; due < seconds;) {
      if (!isAway && now() >= from) {
        process.kill(server.running.pid, kind === 'crash' ? 'SIGKILL' : 'SIGSTOP');
        isAway = true;
      }
      if (kind === 'hang' && !isBack && now() >= to) {
        process.kill(server.running.pid, 'SIGCONT');
        isBack = true;
      }
      for (; due <= now(); due -= Math.log(1 - chance()) / demand) send(gateways[chance() < 0.5 ? 0 : 1]!.port, now());
      await pause(1);
    }
    await pause(500);
    const failures = gateways.map(gateway => gateway.metric('gatehouse_rate_limit_store_failures_total'));
    counts.delayed = (await Promise.all(failures)).reduce((sum, count) => sum + count, 0);
    return counts;
  });
}

/** Has the model play what was measured, and shows both. */
export async function validateModel(scale: Scale): Promise<Measured> {
  const raw: Record<string, unknown> = {};
  const fleetRows: string[][] = [];
  for (const strategy of ['round-robin', 'random', 'power-of-two-choices', 'least-connections'] as const) {
    const measured = await measureFleet(strategy, Math.ceil(12 * scale));
    // The machine adds to what a backend takes; by Little's law that shows in what is in flight.
    const takes = (measured.inFlight * fleet.backends) / fleet.rate;
    const modelled = playFleet({ ...fleet, strategy, takes, seconds: 200 }, chanceOf(seed));
    raw[strategy] = { measured, modelled };
    fleetRows.push([
      strategy,
      fixed(measured.inFlight, 2),
      ...[measured, modelled].flatMap(one => [fixed(one.inFlightDeviation, 2), fixed(one.inFlightMost, 2)]),
    ]);
  }
  const tables = [
    [['in flight at a backend', 'mean', 'deviation', 'most', 'deviation, modelled', 'most, modelled'], ...fleetRows],
  ];
  if (versionOf('redis-server', ['--version'], /v=(\S+)/) === undefined)
    return { tables, notes: ['the outage was not measured: redis-server is not installed'], raw };
  const outageRows: string[][] = [];
  for (const [kind, outage] of Object.entries(outages)) {
    const measured = await measureOutage(outage);
    const plays = Array.from({ length: 20 }, (_, play) => playOutage(outage, chanceOf(seed + play)));
    const average = (of: (play: OutageResult) => number): number =>
      plays.reduce((sum, play) => sum + of(play), 0) / plays.length;
    raw[kind] = { measured, plays };
    outageRows.push([
      kind,
      ...[measured.before, measured.during, measured.delayed].map(String),
      ...(['before', 'during', 'delayed'] as const).map(name =>
        fixed(
          average(play => play[name]),
          0,
        ),
      ),
    ]);
  }
  const head = ['Redis', 'let through before', 'while away', 'delayed', 'before, modelled', 'while away', 'delayed'];
  return { tables: [...tables, [head, ...outageRows]], notes: [`seed ${seed}`], raw };
}
