import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { startBackends } from '#bench/backend';
import { readCpu, readFamily } from '#bench/cpu';
import { nodeBinary, projectRoot, versionOf, type Machine } from '#bench/machine';
import { positive } from '#bench/number';
import { freePort } from '#bench/ports';
import { runProgram } from '#bench/program';
import { withStage, type Running, type Stage } from '#bench/stage';

const usage = `What several workers give, and what they cost: gateways with different numbers of workers, measured in turn, on all cores. Needs wrk.

  node bench/workers.ts [counts]     1 2 by default

  --rounds N          rounds, each with every gateway once (5)
  --seconds N         length of one measurement (3)
  --connections N     kept connections (64)

The load and the backend share the cores with the gateway: their part is shown, and bounds what more workers can give.
`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    help: { type: 'boolean', default: false },
  },
});

/** Nothing is pinned: threads are to use all cores. */
const unpinned: Machine = {
  cores: availableParallelism(),
  pins: false,
  node: process.version,
  proxyCore: undefined,
  ownCores: [],
  pin: (_, command) => command,
};

interface Contestant {
  readonly workers: number;
  readonly running: Running;
  readonly url: string;
}

/** One measurement: CPU times in seconds. */
interface Sample {
  readonly requests: number;
  readonly seconds: number;
  readonly gateway: number;
  readonly others: number;
}

async function start(stage: Stage, workers: number, backends: readonly string[]): Promise<Contestant> {
  const port = await freePort();
  const file = join(stage.folderFor(`workers ${workers}`), 'gateway.yaml');
  const upstreams = { app: { backends: backends.map(backend => `http://${backend}`) } };
  const listeners = [{ host: '127.0.0.1', port }];
  writeFileSync(file, stringify({ workers, listeners, admin: { host: '127.0.0.1', port: 0 }, upstreams }));
  const args = [join(projectRoot, 'dist/main.js'), 'run', '--config', file];
  const running = stage.start(`workers ${workers}`, { file: nodeBinary, args });
  await running.printed('"msg":"started"');
  return { workers, running, url: `http://127.0.0.1:${port}/` };
}

/** One measurement. The CPU time of wrk and the backend is that of all processes of this run but the gateway. */
function measure({ running, url }: Contestant, seconds: number, connections: number): Sample {
  const gatewayTime = (): number => readCpu(running.pid).seconds;
  const [gateway, all] = [gatewayTime(), readFamily(process.pid)];
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, url];
  const { stdout } = spawnSync('wrk', args, { encoding: 'utf8' });
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  if (!(requests > 0) || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk had errors:\n${stdout}`);
  const used = gatewayTime() - gateway;
  return { requests, seconds, gateway: used, others: readFamily(process.pid) - all - used };
}

async function main(): Promise<boolean> {
  if (options.help) {
    process.stdout.write(usage);
    return true;
  }
  if (versionOf('wrk', ['-v'], /wrk (\S+)/) === undefined) throw new Error('this needs wrk');
  const counts = positionals.length > 0 ? positionals.map(count => positive(count, 'workers')) : [1, 2];
  const [rounds, seconds] = [positive(options.rounds, '--rounds'), positive(options.seconds, '--seconds')];
  const connections = positive(options.connections, '--connections');
  await withStage(async stage => {
    const { addresses } = await startBackends(stage, unpinned, 2);
    const contestants: Contestant[] = [];
    for (const workers of counts) contestants.push(await start(stage, workers, addresses));
    const samples = new Map<number, Sample[]>(counts.map(count => [count, []]));
    for (const each of contestants) measure(each, seconds, connections);
    for (let round = 0; round < rounds; round++) {
      for (const each of contestants) {
        await pause(500);
        samples.get(each.workers)!.push(measure(each, seconds, connections));
      }
    }
    const best = (count: number) => {
      const all = samples.get(count)!;
      return {
        rate: Math.max(...all.map(({ requests, seconds: took }) => requests / took)),
        cost: Math.min(...all.map(({ gateway, requests }) => (gateway / requests) * 1e6)),
        gateway: Math.max(...all.map(({ gateway }) => gateway / seconds)),
        others: Math.max(...all.map(({ others }) => others / seconds)),
      };
    };
    const base = best(counts[0]!);
    console.log(
      `\nworkers  requests/s  ratio  µs/request  ratio  cores: gateway  wrk and backend, of ${unpinned.cores}`,
    );
    for (const count of counts) {
      const { cost, gateway, others, rate } = best(count);
      console.log(
        `${String(count).padStart(7)}  ${rate.toFixed(0).padStart(10)}  ${(rate / base.rate).toFixed(2).padStart(5)}  ${cost.toFixed(1).padStart(10)}  ${(cost / base.cost).toFixed(2).padStart(5)}  ${gateway.toFixed(2).padStart(14)}  ${others.toFixed(2).padStart(15)}`,
      );
    }
  });
  return true;
}

await runProgram(main);
