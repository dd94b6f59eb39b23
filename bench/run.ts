import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startBackends } from '#bench/backend';
import { runContest, startContestant, type Contestant, type Venue } from '#bench/contest';
import { circumstances, writeSection } from '#bench/document';
import { chooseGenerator } from '#bench/load/load';
import { describeMachine } from '#bench/machine';
import { positive } from '#bench/number';
import { runProgram } from '#bench/program';
import { withStage } from '#bench/stage';
import { caddy } from '#bench/subjects/caddy';
import { gatehouse } from '#bench/subjects/gatehouse';
import { haproxy } from '#bench/subjects/haproxy';
import { nginx } from '#bench/subjects/nginx';
import { fastifyHttpProxy, httpProxyMiddleware } from '#bench/subjects/node-proxies';
import type { Subject } from '#bench/subjects/subject';
import { ratio, summarise } from '#bench/summary';
import { contestTable, markdown, noiseWarning, plainText } from '#bench/table';
import { workNamed } from '#bench/work';

const usage = `CPU time for each proxied request, of this gateway and its peers, in one interleaved run.

  --work NAME         get-1k (default), post-4k, get-64k, get-1m
  --rounds N          rounds, each with every proxy once (10)
  --seconds N         length of one measurement (3)
  --connections N     client connections (64)
  --warm-up N         seconds for each proxy before the first round (8)
  --only A,B          only these proxies
  --compare PLACE     another build of the gateway beside this one (its folder, or its main.js); only the two unless --only is given
  --generator NAME    wrk or autocannon (the first that is installed)
  --json FILE         write all samples to a file
  --write             write the table into docs/performance.md
  --assert            fail when the gateway's price against @fastify/http-proxy is over the limit
  --limit RATIO       that limit (0.85)
`;

const { values: options } = parseArgs({
  options: {
    work: { type: 'string', default: 'get-1k' },
    rounds: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    'warm-up': { type: 'string', default: '8' },
    only: { type: 'string' },
    compare: { type: 'string' },
    generator: { type: 'string' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
    assert: { type: 'boolean', default: false },
    limit: { type: 'string', default: '0.85' },
    help: { type: 'boolean', default: false },
  },
});

const ours = gatehouse();
const peer = fastifyHttpProxy;

function chooseSubjects(): Subject[] {
  const before = options.compare === undefined ? [] : [gatehouse('gatehouse-before', options.compare)];
  const all = [ours, ...before, nginx, haproxy, caddy, fastifyHttpProxy, httpProxyMiddleware];
  const names = options.only?.split(',') ?? (before.length > 0 ? [ours, ...before] : all).map(one => one.name);
  const unknown = names.find(name => !all.some(one => one.name === name));
  if (unknown !== undefined) throw new Error(`unknown proxy "${unknown}": ${all.map(one => one.name).join(', ')}`);
  return all.filter(one => names.includes(one.name));
}

/** Runs the contest and prints it. Returns whether the figures are sound and, with `--assert`, within the limit. */
async function main(): Promise<boolean> {
  if (options.help) {
    process.stdout.write(usage);
    return true;
  }
  if (options.write && options.compare !== undefined)
    throw new Error('--write takes no --compare: the document has no place for it');
  const work = workNamed(options.work);
  const connections = positive(options.connections, '--connections');
  const pace = {
    rounds: positive(options.rounds, '--rounds'),
    seconds: positive(options.seconds, '--seconds'),
    warmUp: positive(options['warm-up'], '--warm-up'),
  };
  const limit = Number(options.limit);
  const subjects = chooseSubjects();
  const machine = describeMachine();
  const generator = chooseGenerator(options.generator);
  const present = subjects.filter(one => one.version() !== undefined);
  for (const absent of subjects.filter(one => !present.includes(one))) {
    console.log(`skipped: ${absent.name} is not ${absent.name.startsWith('gatehouse') ? 'built' : 'installed'} here`);
  }
  if (present.length === 0) throw new Error('nothing to measure');

  const { samples, server } = await withStage(async stage => {
    const venue: Venue = { stage, machine, generator };
    const backends = await startBackends(stage, machine, 2);
    const contestants: Contestant[] = [];
    for (const subject of present) {
      contestants.push(await startContestant(venue, subject, backends.addresses, { work, connections, routes: 0 }));
    }
    return { samples: await runContest(venue, contestants, pace, line => console.log(line)), server: backends.server };
  });

  const summaries = present.map(one => summarise(one.name, one.version() ?? '', samples.get(one.name) ?? []));
  const table = contestTable(summaries, [options.compare === undefined ? peer.name : 'gatehouse-before', nginx.name]);
  const only = options.only === undefined ? '' : ` --only ${options.only}`;
  const flags = `--work ${work.name} --rounds ${pace.rounds} --seconds ${pace.seconds} --warm-up ${pace.warmUp} --connections ${connections}${only}`;
  const versions = summaries.map(one => `${one.label} ${one.version}`);
  const tools = [`load: ${generator.name} ${generator.version}`, `backends: 2 × ${server}`];
  const note = circumstances(machine, `npm run bench -- ${flags}`, [...versions, ...tools]);
  console.log(`\n${plainText(table)}\n\n${note}`);
  if (options.json !== undefined) {
    const content = { work, connections, pace, note, summaries, samples: Object.fromEntries(samples) };
    writeFileSync(options.json, `${JSON.stringify(content, null, 2)}\n`);
  }

  const noise = noiseWarning(summaries);
  if (noise !== undefined) console.log(noise);
  const broken = summaries.filter(one => one.errors > 0);
  for (const one of broken) console.log(`not valid: ${one.label} had ${one.errors} errors`);
  if (options.write && broken.length === 0) writeSection(work.name, `${markdown(table)}\n\n${note}`);
  const price = ratio(summaries, ours.name, peer.name);
  const verdict = price === undefined ? 'not measured' : price.toFixed(2);
  console.log(`${ours.name} / ${peer.name} = ${verdict} (limit ${limit})`);
  const withinLimit = price !== undefined && price <= limit;
  return broken.length === 0 && (withinLimit || !options.assert);
}

await runProgram(main);
