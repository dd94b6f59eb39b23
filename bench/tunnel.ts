import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runContest, startContestant, type Contestant, type Pace, type Venue } from '#bench/contest';
import { circumstances, writeSection } from '#bench/document';
import type { Burst, LoadGenerator } from '#bench/load/load';
import { describeMachine, nodeBinary, type Machine } from '#bench/machine';
import { settledKiB } from '#bench/memory';
import { positive } from '#bench/number';
import { freePort } from '#bench/ports';
import { untilReady } from '#bench/probe';
import { runProgram } from '#bench/program';
import { withStage } from '#bench/stage';
import { gatehouse } from '#bench/subjects/gatehouse';
import type { Subject } from '#bench/subjects/subject';
import { ratio, summarise } from '#bench/summary';
import { contestTable, markdown, noiseWarning, plainText, type Table } from '#bench/table';
import type { Work } from '#bench/work';

const usage = `What a WebSocket costs: CPU time for each message that is echoed through a tunnel, and memory for each idle
tunnel, against a bare TCP relay in Node, in one interleaved run.

  node bench/tunnel.ts

  --sizes A,B         bytes of the messages (64,4096)
  --connections N     tunnels, each with one message under way (64)
  --rounds N          rounds, each with everybody once (5)
  --seconds N         length of one measurement (3)
  --warm-up N         seconds for each before the first round (3)
  --tunnels N         idle tunnels for the memory; 0 leaves this out (5000)
  --write             write the tables into docs/performance.md
  --assert            fail when the gateway costs more for a message than --limit times the relay
  --limit RATIO       (1.25)
`;

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '64,4096' },
    connections: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    'warm-up': { type: 'string', default: '3' },
    tunnels: { type: 'string', default: '5000' },
    write: { type: 'boolean', default: false },
    assert: { type: 'boolean', default: false },
    limit: { type: 'string', default: '1.25' },
    help: { type: 'boolean', default: false },
  },
});

const peer = 'TCP relay';

const relay: Subject = {
  name: peer,
  version: () => 'net.pipe',
  prepare: ({ port, backends }) => ({
    file: nodeBinary,
    args: [join(import.meta.dirname, 'servers/tcp-relay.ts'), String(port), ...backends],
  }),
};

const generator: LoadGenerator = {
  name: 'bench/load/tunnels.ts',
  version: '',
  command: burst => ({
    file: nodeBinary,
    args: [join(import.meta.dirname, 'load/tunnels.ts'), JSON.stringify(burst)],
  }),
};

/** Messages of a size, each answered by one of the same. */
const messagesOf = (size: number): Work => ({
  name: `${size} bytes`,
  method: 'GET',
  path: `/${size}`,
  bodyBytes: 0,
  answerBytes: size,
});

async function startEcho({ stage, machine }: Venue): Promise<string> {
  const port = await freePort();
  const args = [join(import.meta.dirname, 'servers/websocket-echo.ts'), String(port)];
  const running = stage.start('backend', machine.pin('load', { file: nodeBinary, args }));
  await untilReady(running, { hostname: '127.0.0.1', port }, messagesOf(64));
  return `127.0.0.1:${port}`;
}

/** Opens tunnels and gives a function that ends them. */
async function hold(
  { stage, machine }: Venue,
  { load }: Contestant,
  connections: number,
): Promise<() => Promise<void>> {
  const burst: Burst = { ...load, connections, seconds: 0 };
  const running = stage.start('load', machine.pin('load', generator.command(burst)));
  while (!readFileSync(running.output, 'utf8').includes('HELD')) {
    running.assertAlive();
    await pause(100);
  }
  return async () => {
    process.kill(running.pid);
    await running.finished().catch(() => undefined);
  };
}

/** KiB of the proxy's memory for each idle tunnel: it has carried a few before, so that its code is there already. */
async function memoryOf(venue: Venue, contestant: Contestant, tunnels: number): Promise<number> {
  const { pid } = contestant.running;
  await (
    await hold(venue, contestant, Math.min(200, tunnels))
  )();
  const before = await settledKiB(pid);
  const release = await hold(venue, contestant, tunnels);
  const after = await settledKiB(pid);
  await release();
  return (after - before) / tunnels;
}

/** Everybody is measured with every size, in one interleaved run. */
async function measureCpu(machine: Machine, sizes: readonly number[], pace: Pace): Promise<Table[]> {
  const connections = positive(options.connections, '--connections');
  const tables: Table[] = [];
  const samples = await withStage(async stage => {
    const venue: Venue = { stage, machine, generator };
    const backends = [await startEcho(venue)];
    const contestants: Contestant[] = [];
    for (const subject of [gatehouse(), relay]) {
      const load = { work: messagesOf(sizes[0] ?? 64), connections, routes: 0 };
      const started = await startContestant(venue, subject, backends, load);
      for (const size of sizes) {
        contestants.push({
          ...started,
          label: `${subject.name} ${size}`,
          load: { ...started.load, work: messagesOf(size) },
        });
      }
    }
    return runContest(venue, contestants, pace, line => console.log(line));
  });
  for (const size of sizes) {
    const summaries = [gatehouse(), relay].map(({ name, version }) => ({
      ...summarise(name, version() ?? '', samples.get(`${name} ${size}`) ?? []),
    }));
    const [head = [], ...rows] = contestTable(summaries, [peer], `${size} bytes`);
    const table = [head.map(cell => cell.replace('request', 'message')), ...rows];
    tables.push(table);
    const noise = noiseWarning(summaries);
    if (noise !== undefined) console.log(noise);
    const price = ratio(summaries, gatehouse().name, peer) ?? Number.NaN;
    if (summaries.some(({ errors }) => errors > 0)) throw new Error(`not valid: errors with ${size} bytes`);
    if (options.assert && !(price <= Number(options.limit))) {
      process.exitCode = 1;
      console.log(`over the limit: ${size} bytes cost ${price.toFixed(2)} times the relay (limit ${options.limit})`);
    }
  }
  return tables;
}

async function measureMemory(machine: Machine, tunnels: number): Promise<Table> {
  return withStage(async stage => {
    const venue: Venue = { stage, machine, generator };
    const backends = [await startEcho(venue)];
    const rows: string[][] = [];
    for (const subject of [gatehouse(), relay]) {
      const load = { work: messagesOf(64), connections: tunnels, routes: 0 };
      const contestant = await startContestant(venue, subject, backends, load);
      rows.push([subject.name, (await memoryOf(venue, contestant, tunnels)).toFixed(1)]);
    }
    return [[`${tunnels} idle`, 'KiB/tunnel'], ...rows];
  });
}

/** Runs both parts and prints them. Returns whether the gateway is within the limit, if there is one. */
async function main(): Promise<boolean> {
  if (options.help) {
    process.stdout.write(usage);
    return true;
  }
  const version = gatehouse().version();
  if (version === undefined) throw new Error('the gateway is not built: run npm run build first');
  const sizes = options.sizes.split(',').map(size => positive(size, '--sizes'));
  const pace = {
    rounds: positive(options.rounds, '--rounds'),
    seconds: positive(options.seconds, '--seconds'),
    warmUp: positive(options['warm-up'], '--warm-up'),
  };
  const machine = describeMachine();
  const tables = await measureCpu(machine, sizes, pace);
  if (options.tunnels !== '0') tables.push(await measureMemory(machine, positive(options.tunnels, '--tunnels')));
  const command = `node bench/tunnel.ts --rounds ${pace.rounds} --seconds ${pace.seconds}`;
  const note = circumstances(machine, command, [`gatehouse ${version}`, `${options.connections} tunnels`]);
  console.log(`\n${tables.map(plainText).join('\n\n')}\n\n${note}\n`);
  if (options.write) writeSection('tunnel', `${tables.map(markdown).join('\n\n')}\n\n${note}`);
  return process.exitCode !== 1;
}

await runProgram(main);
