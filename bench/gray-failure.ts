import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import { runContest, startContestant, type Venue } from '#bench/contest';
import { circumstances, writeSection } from '#bench/document';
import { chooseGenerator } from '#bench/load/load';
import { describeMachine, nodeBinary } from '#bench/machine';
import { calibrationNoise, disturbanceNoise, pinningNoise, reportNoise } from '#bench/noise';
import { positive } from '#bench/number';
import { freePort, freePorts } from '#bench/ports';
import { untilReady } from '#bench/probe';
import { runProgram } from '#bench/program';
import { withStage } from '#bench/stage';
import { gatehouse, gatewayConfig } from '#bench/subjects/gatehouse';
import type { Subject } from '#bench/subjects/subject';
import { summarise, type Sample } from '#bench/summary';
import { markdown, plainText, type Table } from '#bench/table';
import { workNamed } from '#bench/work';

const usage = `What clients feel of a backend that has become slow without failing, for each strategy, in one interleaved run.
Three backends, one of them slower than the others; everything else is at its default, circuit breakers included.

  --strategies A,B    strategies to compare (round-robin,least-connections,power-of-two-choices,peak-ewma)
  --fast MS           answer time of the two good backends (2)
  --slow MS           answer time of the slow one (200)
  --connections N     client connections (8: far fewer than would keep the gateway busy, so that the waiting is the backends')
  --rounds N          rounds, each with every strategy once (3)
  --seconds N         length of one measurement (5)
  --warm-up N         seconds for each strategy before the first round (3)
  --generator NAME    wrk or autocannon (the first that is installed)
  --json FILE         write all samples to a file
  --write             write the table into docs/performance.md
`;

const section = 'gray-failure';
const work = workNamed('get-1k');

const { values: options } = parseArgs({
  options: {
    strategies: { type: 'string', default: 'round-robin,least-connections,power-of-two-choices,peak-ewma' },
    fast: { type: 'string', default: '2' },
    slow: { type: 'string', default: '200' },
    connections: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    'warm-up': { type: 'string', default: '3' },
    generator: { type: 'string' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** The gateway with a strategy, and its operator's side on a port that can be asked afterwards. */
function withStrategy(strategy: string, adminPort: number): Subject {
  const subject = gatehouse(strategy);
  return {
    ...subject,
    prepare: setting => {
      const command = subject.prepare(setting);
      const config = parse(gatewayConfig(setting)) as { upstreams: { app: object } };
      const app = { ...config.upstreams.app, strategy };
      const text = stringify({ ...config, admin: { host: '127.0.0.1', port: adminPort }, upstreams: { app } });
      writeFileSync(join(setting.folder, 'gateway.yaml'), text);
      return command;
    },
  };
}

/** The share of all attempts that one backend got since the gateway has started. */
async function shareOf(backend: string, adminPort: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const attempts = text.split('\n').filter(line => line.startsWith('gatehouse_attempts_total{'));
  const sum = (lines: readonly string[]): number =>
    lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  return sum(attempts.filter(line => line.includes(`"${backend}"`))) / sum(attempts);
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Medians over the rounds, since here the spread is the finding and not noise. */
function row(strategy: string, samples: readonly Sample[], slowShare: number): string[] {
  const cell = (of: (sample: Sample) => number): number => middle(samples.map(of));
  return [
    strategy,
    cell(one => one.p50).toFixed(1),
    cell(one => one.p99).toFixed(1),
    Math.round(cell(one => one.rate)).toString(),
    `${(100 * slowShare).toFixed(2)}%`,
    String(samples.reduce((sum, one) => sum + one.errors, 0)),
  ];
}

/** Runs the strategies and prints what clients felt. Returns whether every request was answered. */
async function main(): Promise<boolean> {
  if (options.help) {
    process.stdout.write(usage);
    return true;
  }
  const version = gatehouse().version();
  if (version === undefined) throw new Error('the gateway is not built: run npm run build first');
  const strategies = options.strategies.split(',');
  const [fast, slow] = [positive(options.fast, '--fast'), positive(options.slow, '--slow')];
  const connections = positive(options.connections, '--connections');
  const pace = {
    rounds: positive(options.rounds, '--rounds'),
    seconds: positive(options.seconds, '--seconds'),
    warmUp: positive(options['warm-up'], '--warm-up'),
  };
  const machine = describeMachine();
  const generator = chooseGenerator(options.generator);

  const { samples, calibrations, shares } = await withStage(async stage => {
    const venue: Venue = { stage, machine, generator };
    const ports = await freePorts(3);
    const addresses = ports.map(port => `127.0.0.1:${port}`);
    const delayed = addresses.map((address, index) => `${address}=${index === 2 ? slow : fast}`);
    const server = join(import.meta.dirname, 'servers/late-backend.ts');
    const backends = stage.start('backend', machine.pin('load', { file: nodeBinary, args: [server, ...delayed] }));
    for (const port of ports) await untilReady(backends, { hostname: '127.0.0.1', port }, work);
    const contestants = [];
    const adminPorts = new Map<string, number>();
    for (const strategy of strategies) {
      const adminPort = await freePort();
      adminPorts.set(strategy, adminPort);
      const load = { work, connections, routes: 0 };
      contestants.push(await startContestant(venue, withStrategy(strategy, adminPort), addresses, load));
    }
    const taken = await runContest(venue, contestants, pace, line => console.log(line));
    const got = new Map<string, number>();
    for (const [strategy, port] of adminPorts) got.set(strategy, await shareOf(addresses[2] ?? '', port));
    return { ...taken, shares: got };
  });

  const table: Table = [
    ['strategy', 'p50 ms', 'p99 ms', 'requests/s', 'at the slow one', 'errors'],
    ...strategies.map(name => row(name, samples.get(name) ?? [], shares.get(name) ?? Number.NaN)),
  ];
  const command = `node bench/gray-failure.ts --rounds ${pace.rounds} --seconds ${pace.seconds} --connections ${connections}`;
  const note = circumstances(machine, command, [
    `gatehouse ${version}`,
    `load: ${generator.name} ${generator.version}`,
    `backends: node:http, two of ${fast} ms and one of ${slow} ms`,
  ]);
  console.log(`\n${plainText(table)}\n\n${note}\n`);
  if (options.json !== undefined) {
    const results = { note, shares: Object.fromEntries(shares), samples: Object.fromEntries(samples) };
    writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  }
  const valid = [...samples.values()].flat().every(one => one.errors === 0);
  const summaries = strategies.map(name => summarise(name, version, samples.get(name) ?? []));
  const noise = [...disturbanceNoise(summaries), ...calibrationNoise(calibrations), ...pinningNoise(machine)];
  const quiet = reportNoise(noise);
  if (options.write && valid && quiet) writeSection(section, `${markdown(table)}\n\n${note}`);
  if (!valid) console.log('not valid: some requests were not answered');
  return valid && (quiet || !options.write);
}

await runProgram(main);
