import { parseArgs } from 'node:util';
import { startBackendsFor } from '#bench/backend';
import { runContest, startContestant, type Contestant, type Pace, type Venue } from '#bench/contest';
import { circumstances, writeSection } from '#bench/document';
import { tunnels, type Burst } from '#bench/load/load';
import { describeMachine, type Machine } from '#bench/machine';
import { settledKiB } from '#bench/memory';
import { calibrationNoise, contestNoise, pinningNoise, reportNoise } from '#bench/noise';
import { positive } from '#bench/number';
import { runProgram } from '#bench/program';
import { withStage } from '#bench/stage';
import { gatehouse } from '#bench/subjects/gatehouse';
import { tcpRelay } from '#bench/subjects/tcp-relay';
import { ratio, summarise } from '#bench/summary';
import { contestTable, markdown, plainText, type Table } from '#bench/table';
import { echoOf } from '#bench/work';

const usage = `What a WebSocket costs: CPU time for each message that is echoed through a tunnel, and memory for each idle
tunnel, against a bare TCP relay in Node, in one interleaved run.

  node bench/tunnel.ts

  --sizes A,B         bytes of the messages (64,4096)
  --connections N     tunnels, each with one message under way (64)
  --rounds N          rounds, each with both once (5)
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

const relay = tcpRelay;
const peer = relay.name;

/** Opens tunnels and gives a function that ends them. */
async function hold(
  { stage, machine }: Venue,
  { load }: Contestant,
  connections: number,
): Promise<() => Promise<void>> {
  const burst: Burst = { ...load, connections, seconds: 0 };
  const running = stage.start('load', machine.pin('load', tunnels.command(burst)));
  await running.printed('HELD');
  return () => running.stop();
}

/** KiB of the proxy's memory for each idle tunnel: it has carried a few before, so that its code is there already. */
async function memoryOf(venue: Venue, contestant: Contestant, count: number): Promise<number> {
  const { pid } = contestant.running;
  await (
    await hold(venue, contestant, Math.min(200, count))
  )();
  const before = await settledKiB(pid);
  const release = await hold(venue, contestant, count);
  const after = await settledKiB(pid);
  await release();
  return (after - before) / count;
}

/** Everybody is measured with every size, in one interleaved run. */
async function measureCpu(
  machine: Machine,
  sizes: readonly number[],
  pace: Pace,
): Promise<{ readonly tables: Table[]; readonly noise: readonly string[] }> {
  const connections = positive(options.connections, '--connections');
  const tables: Table[] = [];
  const { samples, calibrations } = await withStage(async stage => {
    const venue: Venue = { stage, machine, generator: tunnels };
    const { addresses } = await startBackendsFor(echoOf(64), stage, machine);
    const contestants: Contestant[] = [];
    for (const subject of [gatehouse(), relay]) {
      const load = { work: echoOf(sizes[0] ?? 64), connections, routes: 0 };
      const started = await startContestant(venue, subject, addresses, load);
      for (const size of sizes) {
        contestants.push({
          ...started,
          label: `${subject.name} ${size}`,
          load: { ...started.load, work: echoOf(size) },
        });
      }
    }
    return runContest(venue, contestants, pace, line => console.log(line));
  });
  const noise = [...calibrationNoise(calibrations), ...pinningNoise(machine)];
  for (const size of sizes) {
    const summaries = [gatehouse(), relay].map(({ name, version }) => ({
      ...summarise(name, version() ?? '', samples.get(`${name} ${size}`) ?? []),
    }));
    tables.push(contestTable(summaries, [peer], `${size} bytes`, 'message'));
    noise.push(...contestNoise(summaries));
    const price = ratio(summaries, gatehouse().name, peer) ?? Number.NaN;
    if (summaries.some(({ errors }) => errors > 0)) throw new Error(`not valid: errors with ${size} bytes`);
    if (options.assert && !(price <= Number(options.limit))) {
      process.exitCode = 1;
      console.log(`over the limit: ${size} bytes cost ${price.toFixed(2)} times the relay (limit ${options.limit})`);
    }
  }
  return { tables, noise };
}

async function measureMemory(machine: Machine, count: number): Promise<Table> {
  return withStage(async stage => {
    const venue: Venue = { stage, machine, generator: tunnels };
    const { addresses } = await startBackendsFor(echoOf(64), stage, machine);
    const rows: string[][] = [];
    for (const subject of [gatehouse(), relay]) {
      const load = { work: echoOf(64), connections: count, routes: 0 };
      const contestant = await startContestant(venue, subject, addresses, load);
      rows.push([subject.name, (await memoryOf(venue, contestant, count)).toFixed(1)]);
    }
    return [[`${count} idle`, 'KiB/tunnel'], ...rows];
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
  const { tables, noise } = await measureCpu(machine, sizes, pace);
  if (options.tunnels !== '0') tables.push(await measureMemory(machine, positive(options.tunnels, '--tunnels')));
  const command = `node bench/tunnel.ts --rounds ${pace.rounds} --seconds ${pace.seconds}`;
  const note = circumstances(machine, command, [`gatehouse ${version}`, `${options.connections} tunnels`]);
  console.log(`\n${tables.map(plainText).join('\n\n')}\n\n${note}\n`);
  const quiet = reportNoise(noise);
  if (options.write && quiet) writeSection('tunnel', `${tables.map(markdown).join('\n\n')}\n\n${note}`);
  return process.exitCode !== 1 && (quiet || !options.write);
}

await runProgram(main);
