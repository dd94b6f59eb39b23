import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startBackends } from '#bench/backend';
import { runContest, startContestant, type Contestant, type Venue } from '#bench/contest';
import { circumstances, writeSection } from '#bench/document';
import { chooseGenerator } from '#bench/load/load';
import { describeMachine } from '#bench/machine';
import { calibrationNoise, contestNoise, pinningNoise, reportNoise } from '#bench/noise';
import { positive } from '#bench/number';
import { runProgram } from '#bench/program';
import { withStage } from '#bench/stage';
import { gatehouse } from '#bench/subjects/gatehouse';
import { ratio, summarise } from '#bench/summary';
import { contestTable, markdown, plainText } from '#bench/table';
import { workNamed } from '#bench/work';

const usage = `How the gateway's CPU time for each request grows with its size, in one interleaved run for each dimension.

  node bench/growth.ts [routes] [backends] [connections]     all three by default

  --sizes A,B,C       sizes instead of the usual ones (with one dimension)
  --rounds N          rounds, each with every size once (3)
  --seconds N         length of one measurement (3)
  --warm-up N         seconds for each size before the first round (3)
  --generator NAME    wrk or autocannon (the first that is installed)
  --json FILE         write all samples to a file
  --write             write the tables into docs/performance.md
  --limit RATIO       fail when a size costs more than this many times the smallest
`;

const work = workNamed('get-1k');
const usualConnections = 64;
/** File descriptors that a load generator needs beside its connections. */
const spareFiles = 100;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    'warm-up': { type: 'string', default: '3' },
    generator: { type: 'string' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
    limit: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

type Grow = (venue: Venue, sizes: readonly number[]) => Promise<Contestant[]>;

/** A gateway for each number of routes; the requests go to all routes in turn. */
const growRoutes: Grow = async (venue, sizes) => {
  const { addresses } = await startBackends(venue.stage, venue.machine, 2);
  const contestants: Contestant[] = [];
  for (const routes of sizes) {
    const load = { work, connections: usualConnections, routes };
    const subject = gatehouse('gatehouse', undefined, { routes });
    contestants.push(
      await startContestant(venue, subject, addresses, load, routes === 1 ? '1 route' : `${routes} routes`),
    );
  }
  return contestants;
};

/** A gateway for each number of backends, in one upstream. */
const growBackends: Grow = async (venue, sizes) => {
  const { addresses } = await startBackends(venue.stage, venue.machine, Math.max(...sizes));
  const contestants: Contestant[] = [];
  for (const size of sizes) {
    const load = { work, connections: usualConnections, routes: 0 };
    contestants.push(await startContestant(venue, gatehouse(), addresses.slice(0, size), load, `${size} backends`));
  }
  return contestants;
};

/** One gateway, loaded over ever more client connections. */
const growConnections: Grow = async (venue, sizes) => {
  const { addresses } = await startBackends(venue.stage, venue.machine, 2);
  const subject = gatehouse('gatehouse', undefined, { queue: 2 * Math.max(...sizes) });
  const load = { work, connections: usualConnections, routes: 0 };
  const gateway = await startContestant(venue, subject, addresses, load);
  return sizes.map(connections => ({
    ...gateway,
    label: `${connections} connections`,
    load: { ...gateway.load, connections },
  }));
};

const dimensions: Readonly<Record<string, { readonly sizes: readonly number[]; readonly grow: Grow }>> = {
  routes: { sizes: [1, 100, 1000, 5000], grow: growRoutes },
  backends: { sizes: [2, 10, 100, 1000], grow: growBackends },
  connections: { sizes: [64, 256, 1000, 4000], grow: growConnections },
};

/** The most connections that a load generator may open here: the soft limit on open files, less what it needs itself. */
function connectionLimit(): number {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return limit === undefined ? Number.MAX_SAFE_INTEGER : Number(limit) - spareFiles;
}

function chooseSizes(name: string, usual: readonly number[]): number[] {
  const wanted = options.sizes?.split(',').map(size => positive(size, '--sizes')) ?? [...usual];
  const possible = name === 'connections' ? wanted.filter(size => size <= connectionLimit()) : wanted;
  for (const size of wanted.filter(one => !possible.includes(one))) {
    console.log(`skipped: ${size} connections are more than this shell may open (ulimit -n)`);
  }
  return possible.toSorted((a, b) => a - b);
}

/** Runs the chosen dimensions and prints them. Returns whether the figures are sound and within the limit, if there is one. */
async function main(): Promise<boolean> {
  if (options.help) {
    process.stdout.write(usage);
    return true;
  }
  const names = positionals.length > 0 ? positionals : Object.keys(dimensions);
  if (options.sizes !== undefined && names.length > 1) throw new Error('--sizes needs exactly one dimension');
  const version = gatehouse().version();
  if (version === undefined) throw new Error('the gateway is not built: run npm run build first');
  const pace = {
    rounds: positive(options.rounds, '--rounds'),
    seconds: positive(options.seconds, '--seconds'),
    warmUp: positive(options['warm-up'], '--warm-up'),
  };
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : Number(options.limit);
  const machine = describeMachine();
  const generator = chooseGenerator(options.generator);
  const results: Record<string, unknown> = {};
  let sound = true;

  for (const name of names) {
    const dimension = dimensions[name];
    if (!dimension) throw new Error(`unknown dimension "${name}": one of ${Object.keys(dimensions).join(', ')}`);
    const sizes = chooseSizes(name, dimension.sizes);
    const { labels, samples, calibrations } = await withStage(async stage => {
      const venue: Venue = { stage, machine, generator };
      const contestants = await dimension.grow(venue, sizes);
      const taken = await runContest(venue, contestants, pace, line => console.log(line));
      return { labels: contestants.map(one => one.label), ...taken };
    });
    const summaries = labels.map(label => summarise(label, version, samples.get(label) ?? []));
    const smallest = labels[0] ?? '';
    const table = contestTable(summaries, [smallest], name);
    const flags = `--sizes ${sizes.join(',')} --rounds ${pace.rounds} --seconds ${pace.seconds} --warm-up ${pace.warmUp}`;
    const command = `node bench/growth.ts ${name} ${flags}`;
    const note = circumstances(machine, command, [
      `gatehouse ${version}`,
      `load: ${generator.name} ${generator.version}`,
    ]);
    console.log(`\n${plainText(table)}\n\n${note}\n`);
    results[name] = { note, summaries, samples: Object.fromEntries(samples) };

    const valid = summaries.every(one => one.errors === 0);
    const noise = [...contestNoise(summaries), ...calibrationNoise(calibrations), ...pinningNoise(machine)];
    const quiet = reportNoise(noise);
    if (options.write && valid && quiet) writeSection(name, `${markdown(table)}\n\n${note}`);
    for (const one of summaries) {
      const growth = ratio(summaries, one.label, smallest) ?? 1;
      if (one.errors > 0) console.log(`not valid: ${one.label} had ${one.errors} errors`);
      if (growth > limit)
        console.log(`over the limit: ${one.label} costs ${growth.toFixed(2)} times the smallest (limit ${limit})`);
      sound &&= valid && growth <= limit && (quiet || !options.write);
    }
  }
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  return sound;
}

await runProgram(main);
