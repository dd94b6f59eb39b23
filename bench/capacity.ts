import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { measureConfigured } from '#bench/capacity/configured';
import { measureConnections } from '#bench/capacity/connections';
import { measureKeys } from '#bench/capacity/keys';
import type { Part } from '#bench/capacity/part';
import { measurePicks } from '#bench/capacity/picks';
import { measureProbing } from '#bench/capacity/probing';
import { measureRedis } from '#bench/capacity/redis';
import { measureThreads } from '#bench/capacity/threads';
import { validateModel } from '#bench/capacity/validation';
import { runProgram } from '#bench/program';
import { gatehouse } from '#bench/subjects/gatehouse';
import { markdown, plainText } from '#bench/table';

const usage = `What a gateway needs of memory and CPU time for each thing that it holds: the figures of docs/capacity.md. Starts the built program on loopback.

  node bench/capacity.ts [parts]     all by default: connections configured probing keys redis
                                     threads picks validation (of the model)

  --scale SHARE   how many of each are held, against the document (1)
  --json FILE     write all figures to a file

Ends with 0 when all was measured, else with 1. All parts take about half an hour on two busy cores; --scale 0.1 is a try.
`;

const parts: Readonly<Record<string, Part>> = {
  connections: measureConnections,
  configured: measureConfigured,
  probing: measureProbing,
  keys: measureKeys,
  redis: measureRedis,
  threads: measureThreads,
  picks: measurePicks,
  validation: validateModel,
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scale: { type: 'string', default: '1' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Measures the parts that were asked for and prints them. */
async function main(): Promise<boolean> {
  if (options.help) {
    process.stdout.write(usage);
    return true;
  }
  if (gatehouse().version() === undefined) throw new Error('the gateway is not built: run npm run build first');
  const scale = Number(options.scale);
  if (!(scale > 0 && scale <= 1)) throw new Error(`--scale must be above 0, and 1 at most, not "${options.scale}"`);
  const names = positionals.length > 0 ? positionals : Object.keys(parts);
  const unknown = names.find(name => parts[name] === undefined);
  if (unknown !== undefined) throw new Error(`unknown part "${unknown}": one of ${Object.keys(parts).join(', ')}`);
  const raw: Record<string, unknown> = {};
  for (const name of names) {
    const measured = await parts[name]!(scale);
    raw[name] = measured.raw;
    for (const table of measured.tables) console.log(`\n${plainText(table)}\n\n${markdown(table)}`);
    for (const note of measured.notes) console.log(`\n${note}`);
  }
  const date = new Date().toISOString().slice(0, 10);
  console.log(`\n${date}; ${availableParallelism()} cores; Node ${process.version.slice(1)}; scale ${scale}`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(raw, null, 2)}\n`);
  return true;
}

await runProgram(main);
