import { setTimeout as pause } from 'node:timers/promises';
import { startBackends } from '#bench/backend';
import { calibrate } from '#bench/calibration';
import type { Command } from '#bench/command';
import { nodeBinary, type Machine } from '#bench/machine';
import { median, spreadNoise } from '#bench/noise';
import { versionsOf, type Findings, type Scene } from '#bench/parts/scene';
import { freePort } from '#bench/ports';
import { assertAnswers } from '#bench/probe';
import { withStage, type Stage } from '#bench/stage';
import type { Subject } from '#bench/subjects/subject';
import { workNamed } from '#bench/work';

const work = workNamed('get-1k');
const deadline = 20_000;

/** Milliseconds from the start of a proxy to its first answer. */
async function timeToAnswer(
  stage: Stage,
  machine: Machine,
  subject: Subject,
  backends: readonly string[],
): Promise<number> {
  const port = await freePort();
  const command = subject.prepare({ port, protocol: 'http', backends, folder: stage.folderFor(subject.name) });
  const started = performance.now();
  const running = stage.start(subject.name, machine.pin('proxy', command));
  for (;;) {
    try {
      await assertAnswers(subject.name, { hostname: '127.0.0.1', port }, work);
      break;
    } catch (error) {
      running.assertAlive();
      if (performance.now() - started > deadline) throw error;
      await pause(2);
    }
  }
  const took = performance.now() - started;
  await running.stop();
  return took;
}

/** Milliseconds from the start of a program to its end. */
async function timeToEnd(stage: Stage, machine: Machine, name: string, command: Command): Promise<number> {
  const started = performance.now();
  await stage.start(name, machine.pin('proxy', command)).finished();
  return performance.now() - started;
}

/** Measures how long proxies take until they answer, and this gateway's `--help`; all on the proxy's core. */
export async function measureStartUp(scene: Scene): Promise<Findings | string> {
  const { machine, pace } = scene;
  const subjects = scene.subjects.filter(one => one.protocols.includes('http'));
  if (subjects.length === 0) return 'no proxy of this run takes part in it';
  const helps = new Map<string, Command>([['node', { file: nodeBinary, args: ['--eval', '0'] }]]);
  for (const subject of subjects) if (subject.help !== undefined) helps.set(subject.name, subject.help());
  const answers = new Map<string, number[]>(subjects.map(one => [one.name, []]));
  const ends = new Map<string, number[]>([...helps.keys()].map(name => [name, []]));
  const calibrations: number[] = [];

  await withStage(async stage => {
    const backends = await startBackends(stage, machine, 2);
    // The first turn brings the files into the memory of the system and does not count.
    for (let turn = 0; turn <= 2 * pace.rounds; turn++) {
      calibrations.push(await calibrate(stage, machine));
      for (const subject of subjects) {
        const took = await timeToAnswer(stage, machine, subject, backends.addresses);
        if (turn > 0) answers.get(subject.name)?.push(took);
      }
      for (const [name, command] of helps) {
        const took = await timeToEnd(stage, machine, `${name} --help`, command);
        if (turn > 0) ends.get(name)?.push(took);
      }
      scene.progress(`start ${turn}: ${subjects.map(one => answers.get(one.name)?.at(-1)?.toFixed(0)).join(', ')} ms`);
    }
  });

  const cells = (times: readonly number[] | undefined): string[] =>
    times === undefined ? ['–', '–'] : [Math.min(...times).toFixed(0), median(times).toFixed(0)];
  const rows = [...subjects.map(one => one.name), 'node'];
  return {
    section: 'start-up',
    tables: [
      [
        ['program', 'first answer ms', 'median', '--help ms', 'median'],
        ...rows.map(name => [name, ...cells(answers.get(name)), ...cells(ends.get(name))]),
      ],
    ],
    circumstances: versionsOf(subjects),
    faults: [],
    noise: [...answers, ...ends].flatMap(([name, times]) =>
      spreadNoise(`the start of ${name}`, Math.min(...times), median(times)),
    ),
    calibrations,
    raw: { answers: Object.fromEntries(answers), ends: Object.fromEntries(ends) },
  };
}
