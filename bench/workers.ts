import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
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

The load, which is two wrk with half of the connections each, and the backend share the cores with the gateway: their part is shown, and bounds what
more workers can give. Beside them, two programs of one worker each are measured, each with half of the connections: what a request costs more there
is the price of two busy cores and of fewer connections for each event loop, and not that of threads.
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
  readonly name: string;
  readonly programs: readonly Running[];
  /** One for each wrk. */
  readonly urls: readonly [string, string];
}

interface Program {
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

async function start(stage: Stage, name: string, workers: number, backends: readonly string[]): Promise<Program> {
  const port = await freePort();
  const file = join(stage.folderFor(name), 'gateway.yaml');
  const upstreams = { app: { backends: backends.map(backend => `http://${backend}`) } };
  const listeners = [{ host: '127.0.0.1', port }];
  writeFileSync(file, stringify({ workers, listeners, admin: { host: '127.0.0.1', port: 0 }, upstreams }));
  const args = [join(projectRoot, 'dist/main.js'), 'run', '--config', file];
  const running = stage.start(name, { file: nodeBinary, args });
  await running.printed('"msg":"started"');
  return { running, url: `http://127.0.0.1:${port}/` };
}

/** One measurement. The CPU time of wrk and the backend is that of all processes of this run but the gateway. */
async function measure({ programs, urls }: Contestant, seconds: number, connections: number): Promise<Sample> {
  const gatewayTime = (): number => programs.reduce((sum, { pid }) => sum + readCpu(pid).seconds, 0);
  const [gateway, all] = [gatewayTime(), readFamily(process.pid)];
  const loads = await Promise.all(urls.map(url => load(url, seconds, connections / 2)));
  const requests = loads.reduce((sum, each) => sum + each, 0);
  const used = gatewayTime() - gateway;
  return { requests, seconds, gateway: used, others: readFamily(process.pid) - all - used };
}

/** One wrk. Gives the requests that were answered. */
async function load(url: string, seconds: number, connections: number): Promise<number> {
  const { stdout } = await promisify(execFile)('wrk', [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout',
    '10s',
    url,
  ]);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  if (!(requests > 0) || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk had errors:\n${stdout}`);
  return requests;
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
    for (const count of counts) {
      const { running, url } = await start(stage, `workers ${count}`, count, addresses);
      contestants.push({ name: String(count), programs: [running], urls: [url, url] });
    }
    const [one, other] = [
      await start(stage, 'first of two', 1, addresses),
      await start(stage, 'second of two', 1, addresses),
    ];
    contestants.push({ name: '1 + 1', programs: [one.running, other.running], urls: [one.url, other.url] });
    const samples = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]));
    for (const each of contestants) await measure(each, seconds, connections);
    for (let round = 0; round < rounds; round++) {
      for (const each of contestants) {
        await pause(500);
        samples.get(each.name)!.push(await measure(each, seconds, connections));
      }
    }
    const best = (name: string) => {
      const all = samples.get(name)!;
      return {
        rate: Math.max(...all.map(({ requests, seconds: took }) => requests / took)),
        cost: Math.min(...all.map(({ gateway, requests }) => (gateway / requests) * 1e6)),
        gateway: Math.max(...all.map(({ gateway }) => gateway / seconds)),
        others: Math.max(...all.map(({ others }) => others / seconds)),
      };
    };
    const base = best(contestants[0]!.name);
    console.log(
      `\nworkers  requests/s  ratio  µs/request  ratio  cores: gateway  wrk and backend, of ${unpinned.cores}`,
    );
    for (const { name } of contestants) {
      const { cost, gateway, others, rate } = best(name);
      console.log(
        `${name.padStart(7)}  ${rate.toFixed(0).padStart(10)}  ${(rate / base.rate).toFixed(2).padStart(5)}  ${cost.toFixed(1).padStart(10)}  ${(cost / base.cost).toFixed(2).padStart(5)}  ${gateway.toFixed(2).padStart(14)}  ${others.toFixed(2).padStart(15)}`,
      );
    }
  });
  return true;
}

await runProgram(main);
