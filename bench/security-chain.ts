import { writeFileSync } from 'node:fs';
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

const usage = `What the checks of a request cost: the gateway with each of them, with all, and with none, in one interleaved run.

  --only A,B          only these chains (none, filter, limit, validation, headers, all); "none" always takes part
  --rounds N          rounds, each with every chain once (5)
  --seconds N         length of one measurement (3)
  --connections N     client connections (64)
  --warm-up N         seconds for each chain before the first round (5)
  --compare PLACE     another build of the gateway as well, with no checks and with all (its folder, or its main.js)
  --generator NAME    wrk or autocannon (the first that is installed)
  --json FILE         write all samples to a file
  --write             write the table into docs/performance.md
  --assert            fail when all checks together cost more than the limit
  --limit RATIO       that limit, against none (1.15)
`;

const section = 'security-chain';
const work = workNamed('get-1k');

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    'warm-up': { type: 'string', default: '5' },
    compare: { type: 'string' },
    generator: { type: 'string' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
    assert: { type: 'boolean', default: false },
    limit: { type: 'string', default: '1.15' },
    help: { type: 'boolean', default: false },
  },
});

/** A thousand ranges that the load does not come from, half of them IPv6. */
const ipFilter = {
  deny: Array.from({ length: 500 }, (_, i) => [
    `11.${i >> 8}.${i & 255}.0/25`,
    `2001:db8:${i.toString(16)}::/48`,
  ]).flat(),
};
/** Never reached: what a limit costs who is let through. */
const rateLimit = { limit: 10_000_000, per: '1s', key: 'client-ip' };
const validation = {
  methods: ['GET', 'POST'],
  contentTypes: ['application/json'],
  requireHeaders: ['host'],
  underscoreHeaders: 'reject',
  path: { dotSegments: 'reject', duplicateSlashes: 'reject', encodedSlash: 'reject', controls: 'reject' },
};

/** `security` of the gateways, by the name of the row. */
const chains: Readonly<Record<string, object>> = {
  none: {},
  filter: { ipFilter },
  limit: { rateLimit },
  validation: { validation },
  headers: { headers: {} },
  all: { ipFilter, rateLimit, validation, headers: {} },
};

function chooseChains(): string[] {
  const names = options.only?.split(',') ?? Object.keys(chains);
  const unknown = names.find(name => chains[name] === undefined);
  if (unknown !== undefined) throw new Error(`unknown chain "${unknown}": one of ${Object.keys(chains).join(', ')}`);
  return ['none', ...names.filter(name => name !== 'none')];
}

/** The gateways that take part, by the label of their rows. */
function subjects(): Map<string, ReturnType<typeof gatehouse>> {
  const all = new Map(chooseChains().map(name => [name, gatehouse(name, undefined, { security: chains[name]! })]));
  if (options.compare === undefined) return all;
  for (const name of ['none', 'all']) {
    const label = `${name} before`;
    all.set(label, gatehouse(label, options.compare, { security: chains[name]! }));
  }
  return all;
}

/** Runs the chains and prints their prices. Returns whether the figures are sound and, with `--assert`, within the limit. */
async function main(): Promise<boolean> {
  if (options.help) {
    process.stdout.write(usage);
    return true;
  }
  if (options.write && (options.compare !== undefined || options.only !== undefined))
    throw new Error('--write takes neither --compare nor --only: the document has a place for the whole table');
  const version = gatehouse().version();
  if (version === undefined) throw new Error('the gateway is not built: run npm run build first');
  const connections = positive(options.connections, '--connections');
  const pace = {
    rounds: positive(options.rounds, '--rounds'),
    seconds: positive(options.seconds, '--seconds'),
    warmUp: positive(options['warm-up'], '--warm-up'),
  };
  const limit = Number(options.limit);
  const machine = describeMachine();
  const generator = chooseGenerator(options.generator);
  const taking = subjects();

  const { samples, calibrations, server } = await withStage(async stage => {
    const venue: Venue = { stage, machine, generator };
    const backends = await startBackends(stage, machine, 2);
    const contestants: Contestant[] = [];
    for (const subject of taking.values()) {
      contestants.push(await startContestant(venue, subject, backends.addresses, { work, connections, routes: 0 }));
    }
    return { ...(await runContest(venue, contestants, pace, line => console.log(line))), server: backends.server };
  });

  const summaries = [...taking.keys()].map(label => summarise(label, version, samples.get(label) ?? []));
  const table = contestTable(summaries, ['none', 'none before'], 'checks');
  const command = `node bench/security-chain.ts --rounds ${pace.rounds} --seconds ${pace.seconds} --connections ${connections}`;
  const note = circumstances(machine, command, [
    `gatehouse ${version}`,
    `load: ${generator.name} ${generator.version}`,
    `backends: ${server}`,
  ]);
  console.log(`\n${plainText(table)}\n\n${note}`);
  if (options.json !== undefined) {
    writeFileSync(
      options.json,
      `${JSON.stringify({ note, summaries, samples: Object.fromEntries(samples) }, null, 2)}\n`,
    );
  }
  const noise = [...contestNoise(summaries), ...calibrationNoise(calibrations), ...pinningNoise(machine)];
  const quiet = reportNoise(noise);
  const broken = summaries.filter(one => one.errors > 0);
  for (const one of broken) console.log(`not valid: ${one.label} had ${one.errors} errors`);
  if (options.write && broken.length === 0 && quiet) writeSection(section, `${markdown(table)}\n\n${note}`);
  const price = ratio(summaries, 'all', 'none');
  console.log(`all / none = ${price === undefined ? 'not measured' : price.toFixed(2)} (limit ${limit})`);
  const withinLimit = price !== undefined && price <= limit;
  return broken.length === 0 && (withinLimit || !options.assert) && (quiet || !options.write);
}

await runProgram(main);
