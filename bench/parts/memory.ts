import { join } from 'node:path';
import { startBackends } from '#bench/backend';
import { startContestant, type Contestant, type Venue } from '#bench/contest';
import type { IdleLoad } from '#bench/load/idle';
import { chooseGenerator } from '#bench/load/load';
import { nodeBinary } from '#bench/machine';
import { settledKiB } from '#bench/memory';
import { versionsOf, type Findings, type Scene } from '#bench/parts/scene';
import { withStage, type Running } from '#bench/stage';
import { workNamed } from '#bench/work';

const work = workNamed('get-1k');
/** Connections that a proxy has carried before its memory counts, so that its code is there already. */
const unmeasured = 200;

/** Opens idle connections to a proxy. */
async function hold({ stage, machine }: Venue, { label, load }: Contestant, connections: number): Promise<Running> {
  const idle: IdleLoad = { port: load.port, path: work.path, answerBytes: work.answerBytes, connections };
  const args = [join(import.meta.dirname, '../load/idle.ts'), JSON.stringify(idle)];
  const running = stage.start(`idle ${label}`, machine.pin('load', { file: nodeBinary, args }));
  await running.printed('HELD');
  return running;
}

/** KiB that one proxy holds: at rest, and while it has idle connections. */
async function weigh(venue: Venue, contestant: Contestant, connections: number): Promise<[number, number]> {
  const { pid } = contestant.running;
  const first = await hold(venue, contestant, Math.min(unmeasured, connections));
  await first.stop();
  const rest = await settledKiB(pid);
  const holder = await hold(venue, contestant, connections);
  const loaded = await settledKiB(pid);
  holder.assertAlive();
  await holder.stop();
  return [rest, loaded];
}

/** Measures what proxies hold in memory at rest, and for each idle connection. They are weighed at the same time. */
export async function measureMemory(scene: Scene): Promise<Findings | string> {
  const { machine, idle } = scene;
  const subjects = scene.subjects.filter(one => one.protocols.includes('http'));
  if (subjects.length === 0) return 'no proxy of this run takes part in it';
  const weights = await withStage(async stage => {
    // No burst is sent in this venue; its generator is there for the contestants alone.
    const venue: Venue = { stage, machine, generator: chooseGenerator(scene.generator) };
    const { addresses } = await startBackends(stage, machine, 2);
    const contestants: Contestant[] = [];
    for (const subject of subjects) {
      contestants.push(await startContestant(venue, subject, addresses, { work, connections: idle, routes: 0 }));
    }
    return Promise.all(contestants.map(one => weigh(venue, one, idle)));
  });
  const rows = subjects.map(({ name }, index) => {
    const [rest = Number.NaN, loaded = Number.NaN] = weights[index] ?? [];
    return [name, (rest / 1024).toFixed(0), ((loaded - rest) / idle).toFixed(1)];
  });
  return {
    section: 'memory',
    tables: [[['proxy', 'MiB at rest', 'KiB/idle connection'], ...rows]],
    circumstances: [...versionsOf(subjects), `${idle} idle connections each`],
    faults: [],
    noise: [],
    calibrations: [],
    raw: { idle, kib: Object.fromEntries(rows.map(([name = ''], index) => [name, weights[index]])) },
  };
}
