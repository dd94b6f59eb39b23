import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Bystanders } from '#bench/bystanders';
import { conclude, isWritable, succeeds, type Conclusion, type Watched } from '#bench/conclusion';
import { assertSections, circumstances, writeSections } from '#bench/document';
import { spacingNamed } from '#bench/load/arrivals';
import { describeMachine, type Machine } from '#bench/machine';
import { reportNoise } from '#bench/noise';
import { positive } from '#bench/number';
import { parts } from '#bench/parts/parts';
import type { Findings, Scene } from '#bench/parts/scene';
import { runProgram } from '#bench/program';
import { chooseSubjects, partition } from '#bench/subjects/lineup';
import { markdown, plainText } from '#bench/table';
import { workNamed, works } from '#bench/work';

const usage = `What this gateway and its peers cost, interleaved round by round. CPU time for each request of one kind of traffic, or:

  --all               everything in one run, about fifteen minutes: each kind of traffic, the latency that is added at a fixed
                      rate, start-up time, memory
  --parts A,B         only these parts of it: ${[...parts.keys()].join(', ')}

  --work NAME         ${Object.keys(works).join(', ')} (get-1k)
  --rounds N          rounds, each with every proxy once (10; with --all or --parts 3)
  --seconds N         length of one measurement (3; 2)
  --warm-up N         seconds for each proxy before the first round (8; 3)
  --connections N     client connections (64)
  --rate N            requests a second of the part "latency" (1000)
  --spacing NAME      how they are spread: poisson or even (poisson)
  --idle N            idle connections of the part "memory" (1000)
  --only A,B          only these proxies
  --compare PLACE     another build of the gateway beside this one (its folder, or its main.js); only the two unless --only is given
  --generator NAME    wrk or autocannon (the first that is installed), for HTTP/1.1
  --json FILE         write all samples to a file
  --write             write the tables into docs/performance.md; a noisy run is not written, and fails
  --assert            fail when the gateway's price against a peer is over the limit
  --limit RATIO       that limit, with --work (0.85 against @fastify/http-proxy; ws-echo 1.1 and sse 1.2 against the TCP relay)
`;

const { values: options } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    parts: { type: 'string' },
    work: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    connections: { type: 'string', default: '64' },
    'warm-up': { type: 'string' },
    rate: { type: 'string', default: '1000' },
    spacing: { type: 'string', default: 'poisson' },
    idle: { type: 'string', default: '1000' },
    only: { type: 'string' },
    compare: { type: 'string' },
    generator: { type: 'string' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
    assert: { type: 'boolean', default: false },
    limit: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const isMany = options.all || options.parts !== undefined;

function chooseParts(): string[] {
  if (!isMany) return [workNamed(options.work ?? 'get-1k').name];
  if (options.work !== undefined)
    throw new Error('--work is one kind of traffic, --all and --parts are many: give one');
  if (options.limit !== undefined) throw new Error('--limit is for one kind of traffic: give it with --work');
  const names = options.parts?.split(',') ?? [...parts.keys()];
  const unknown = names.find(name => !parts.has(name));
  if (unknown !== undefined) throw new Error(`unknown part "${unknown}": ${[...parts.keys()].join(', ')}`);
  return names;
}

function describeScene(machine: Machine): Scene {
  const { present, absent } = partition(chooseSubjects(options.only, options.compare));
  for (const { name } of absent) {
    console.log(`skipped: ${name} is not ${name.startsWith('gatehouse') ? 'built' : 'installed'} here`);
  }
  if (present.length === 0) throw new Error('nothing to measure');
  return {
    machine,
    subjects: present,
    pace: {
      rounds: positive(options.rounds ?? (isMany ? '3' : '10'), '--rounds'),
      seconds: positive(options.seconds ?? (isMany ? '2' : '3'), '--seconds'),
      warmUp: positive(options['warm-up'] ?? (isMany ? '3' : '8'), '--warm-up'),
    },
    connections: positive(options.connections, '--connections'),
    generator: options.generator,
    limit: options.limit === undefined ? undefined : Number(options.limit),
    single: !isMany,
    rate: positive(options.rate, '--rate'),
    spacing: spacingNamed(options.spacing),
    idle: positive(options.idle, '--idle'),
    progress: line => console.log(line),
  };
}

const quoted = (word: string): string => (/\s/.test(word) ? `'${word}'` : word);

/** The command that repeats a run, without the flags that change no figure. */
function commandOf({ pace, connections, rate, spacing, idle }: Scene): string {
  const [which, others] = isMany
    ? [
        options.parts === undefined ? '--all' : `--parts ${options.parts}`,
        ` --rate ${rate} --spacing ${spacing} --idle ${idle}`,
      ]
    : [`--work ${options.work ?? 'get-1k'}`, ''];
  const only = options.only === undefined ? '' : ` --only ${quoted(options.only)}`;
  const { rounds, seconds, warmUp } = pace;
  return `npm run bench -- ${which} --rounds ${rounds} --seconds ${seconds} --warm-up ${warmUp} --connections ${connections}${others}${only}`;
}

async function measure(names: readonly string[], scene: Scene): Promise<Watched[]> {
  const watch = new Bystanders(scene.machine.ownCores);
  const measured: Watched[] = [];
  for (const name of names) {
    if (isMany) console.log(`\n${name}`);
    watch.takeShare();
    const findings = await parts.get(name)?.(scene);
    if (typeof findings === 'object') measured.push({ findings, bystanders: watch.takeShare() });
    else console.log(`skipped: ${name}: ${findings}`);
  }
  return measured;
}

/** Prints what a run comes to. */
function report({ verdicts, faults, noise }: Conclusion): void {
  for (const { section, aim, ratio } of verdicts) {
    const price = ratio === undefined ? 'not measured' : ratio.toFixed(2);
    console.log(`${isMany ? `${section}: ` : ''}gatehouse / ${aim.peer} = ${price} (limit ${aim.limit})`);
  }
  for (const fault of faults) console.log(`not valid: ${fault}`);
  reportNoise(noise);
}

function writeJson(file: string, note: string, measured: readonly Watched[]): void {
  const contents = measured.map(({ findings: { section, raw, calibrations }, bystanders }): [string, object] => [
    section,
    { ...raw, note, calibrations, bystanders },
  ]);
  const content = isMany ? Object.fromEntries(contents) : contents[0]?.[1];
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}

/** Runs the chosen parts and prints them. Returns whether the figures are sound and, with `--assert`, within the limits. */
async function main(): Promise<boolean> {
  if (options.help) {
    process.stdout.write(usage);
    return true;
  }
  if (options.write && options.compare !== undefined)
    throw new Error('--write takes no --compare: the document has no place for it');
  const names = chooseParts();
  if (options.write) assertSections(names);
  const machine = describeMachine();
  const scene = describeScene(machine);
  const measured = await measure(names, scene);
  if (measured.length === 0) throw new Error('nothing was measured');

  const noteOf = ({ circumstances: took }: Findings): string => circumstances(machine, commandOf(scene), took);
  const texts = new Map<string, string>();
  for (const { findings } of measured) {
    const { section, tables } = findings;
    console.log(`\n${isMany ? `${section}\n\n` : ''}${tables.map(plainText).join('\n\n')}\n\n${noteOf(findings)}`);
    texts.set(section, `${tables.map(markdown).join('\n\n')}\n\n${noteOf(findings)}`);
  }
  if (options.json !== undefined) writeJson(options.json, commandOf(scene), measured);

  console.log('');
  const conclusion = conclude(machine, measured);
  report(conclusion);
  if (options.write && isWritable(conclusion)) writeSections(texts);
  return succeeds(conclusion, { write: options.write, assert: options.assert, many: isMany });
}

await runProgram(main);
