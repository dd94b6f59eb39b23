import { startBackendsFor } from '#bench/backend';
import { runContest, startContestant, type Contestant, type Venue } from '#bench/contest';
import { generatorFor } from '#bench/load/load';
import { contestNoise } from '#bench/noise';
import { versionsOf, type Findings, type Scene } from '#bench/parts/scene';
import { withStage } from '#bench/stage';
import { before } from '#bench/subjects/lineup';
import { ratio, summarise } from '#bench/summary';
import { contestTable } from '#bench/table';
import type { Aim, Work } from '#bench/work';

const usualAim: Aim = { peer: '@fastify/http-proxy', limit: 0.85 };

/** Measures the CPU time of one kind of traffic through every proxy that takes part in it. */
export async function measureWork(work: Work, scene: Scene): Promise<Findings | string> {
  const { machine, pace, connections } = scene;
  const subjects = scene.subjects.filter(one => one.protocols.includes(work.protocol));
  const generator = generatorFor(work.protocol, scene.generator);
  if (generator === undefined) return 'its load generator is not installed (h2load)';
  if (subjects.length === 0) return 'no proxy of this run takes part in it';

  const { samples, calibrations, server } = await withStage(async stage => {
    const venue: Venue = { stage, machine, generator };
    const backends = await startBackendsFor(work, stage, machine);
    const contestants: Contestant[] = [];
    for (const subject of subjects) {
      contestants.push(await startContestant(venue, subject, backends.addresses, { work, connections, routes: 0 }));
    }
    const course = await runContest(venue, contestants, pace, scene.progress);
    return { ...course, server: backends.server };
  });

  const summaries = subjects.map(one => summarise(one.name, one.version() ?? '', samples.get(one.name) ?? []));
  const { peer, limit } = work.aim ?? usualAim;
  return {
    section: work.name,
    tables: [contestTable(summaries, [before, peer, 'nginx'], 'proxy', work.unit)],
    circumstances: [
      ...versionsOf(subjects),
      `load: ${generator.name} ${generator.version}`.trim(),
      `backends: ${server}`,
    ],
    faults: summaries.filter(one => one.errors > 0).map(one => `${one.label} had ${one.errors} errors`),
    noise: contestNoise(summaries),
    calibrations,
    verdict: {
      aim: { peer, limit: scene.limit ?? limit },
      asserted: scene.single || work.aim !== undefined,
      ratio: ratio(summaries, 'gatehouse', peer),
    },
    raw: { work, connections, pace, summaries, samples: Object.fromEntries(samples) },
  };
}
