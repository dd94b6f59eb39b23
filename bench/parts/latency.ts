import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startBackends } from '#bench/backend';
import { calibrate } from '#bench/calibration';
import { startContestant, warmUp, type Contestant, type Venue } from '#bench/contest';
import { readCpu } from '#bench/cpu';
import { chooseGenerator, parseResult } from '#bench/load/load';
import type { OpenLoad, OpenResult } from '#bench/load/open-loop';
import { nodeBinary } from '#bench/machine';
import { latenessNoise, median, spreadNoise } from '#bench/noise';
import { versionsOf, type Findings, type Scene } from '#bench/parts/scene';
import { withStage } from '#bench/stage';
import { before } from '#bench/subjects/lineup';
import { percent, type Table } from '#bench/table';
import { workNamed } from '#bench/work';

const work = workNamed('get-1k');
const participants = ['gatehouse', before, 'nginx', '@fastify/http-proxy'];
const direct = 'no proxy';
const leadIn = 1;
/** The share of its core beyond which a proxy has a queue of its own making: then the load is not below saturation. */
const busiest = 0.7;

/** One run of the load. */
export interface LatencySample extends OpenResult {
  /** Share of its core that the proxy used. */
  readonly busy: number;
}

/** What a proxy adds: the medians over the rounds of its figures less those of the same round without a proxy. */
export function addedLatency(
  samples: readonly LatencySample[],
  base: readonly LatencySample[],
): { readonly p50: number; readonly p99: number } {
  const added = (of: (sample: LatencySample) => number): number =>
    median(samples.map((sample, round) => of(sample) - of(base[round] ?? sample)));
  return { p50: added(one => one.p50), p99: added(one => one.p99) };
}

/** A row of the table: where the load goes, and whose CPU time is read. */
interface Row {
  readonly label: string;
  readonly port: number;
  readonly proxy: Contestant | undefined;
}

async function sample({ stage, machine }: Venue, row: Row, scene: Scene): Promise<LatencySample> {
  const load: OpenLoad = {
    ...{ port: row.port, path: work.path, answerBytes: work.answerBytes, connections: scene.connections },
    ...{ rate: scene.rate, spacing: scene.spacing, leadIn, seconds: scene.pace.seconds },
  };
  const args = [join(import.meta.dirname, '../load/open-loop.ts'), JSON.stringify(load)];
  const readProxy = (): number => (row.proxy === undefined ? 0 : readCpu(row.proxy.running.pid).seconds);
  const cpuBefore = readProxy();
  const running = stage.start('load', machine.pin('load', { file: nodeBinary, args }));
  const result = parseResult<OpenResult>(await running.finished());
  row.proxy?.running.assertAlive();
  return { ...result, busy: (readProxy() - cpuBefore) / (leadIn + load.seconds) };
}

function tableOf(rows: readonly Row[], samples: ReadonlyMap<string, readonly LatencySample[]>): Table {
  const base = samples.get(direct) ?? [];
  return [
    ['proxy', 'p50 ms', 'p99 ms', 'added p50 ms', 'added p99 ms', 'core busy', 'errors'],
    ...rows.map(({ label, proxy }) => {
      const own = samples.get(label) ?? [];
      const middle = (of: (one: LatencySample) => number): number => median(own.map(of));
      const added = addedLatency(own, base);
      return [
        label,
        middle(one => one.p50).toFixed(2),
        middle(one => one.p99).toFixed(2),
        ...(proxy === undefined ? ['–', '–', '–'] : [added.p50.toFixed(2), added.p99.toFixed(2)]),
        ...(proxy === undefined ? [] : [percent(middle(one => one.busy))]),
        String(own.reduce((sum, one) => sum + one.errors, 0)),
      ];
    }),
  ];
}

/** Finds what makes the samples of one row void, and what makes them doubtful. */
function judge(label: string, samples: readonly LatencySample[]): { faults: string[]; noise: string[] } {
  const errors = samples.reduce((sum, one) => sum + one.errors, 0);
  const busy = median(samples.map(one => one.busy));
  const p50 = samples.map(one => one.p50);
  return {
    faults: [
      ...(errors > 0 ? [`${label} had ${errors} errors`] : []),
      ...(busy > busiest ? [`${label} used ${percent(busy)} of its core: the rate is not below saturation`] : []),
    ],
    noise: [
      ...spreadNoise(`the latency of ${label}`, Math.min(...p50), median(p50)),
      ...latenessNoise(label, median(samples.map(one => one.late))),
    ],
  };
}

/** Measures the latency that proxies add to requests which come at a fixed rate, whether or not others are answered. */
export async function measureLatency(scene: Scene): Promise<Findings | string> {
  const { machine, connections, rate, pace } = scene;
  const subjects = scene.subjects.filter(one => participants.includes(one.name));
  if (subjects.length === 0) return 'no proxy of this run takes part in it';
  const calibrations: number[] = [];
  const { rows, samples, server } = await withStage(async stage => {
    const venue: Venue = { stage, machine, generator: chooseGenerator(scene.generator) };
    const backends = await startBackends(stage, machine, 2);
    const load = { work, connections, routes: 0 };
    const all: Row[] = [{ label: direct, port: Number(backends.addresses[0]?.split(':')[1]), proxy: undefined }];
    for (const subject of subjects) {
      const proxy = await startContestant(venue, subject, backends.addresses, load);
      all.push({ label: subject.name, port: proxy.load.port, proxy });
    }
    const taken = new Map<string, LatencySample[]>(all.map(({ label }) => [label, []]));
    for (const { proxy } of all) if (proxy !== undefined) await warmUp(venue, proxy, pace.warmUp);
    // A round is short here, and the median of the rounds counts: there are twice as many.
    for (let round = 0; round < 2 * pace.rounds; round++) {
      calibrations.push(await calibrate(stage, machine));
      const first = round % all.length;
      for (const row of [...all.slice(first), ...all.slice(0, first)]) {
        const one = await sample(venue, row, scene);
        taken.get(row.label)?.push(one);
        scene.progress(`round ${round + 1}: ${row.label} p50 ${one.p50.toFixed(2)} ms, ${one.errors} errors`);
        await pause(100);
      }
    }
    return { rows: all, samples: taken, server: backends.server };
  });
  const judgements = rows.map(({ label }) => judge(label, samples.get(label) ?? []));
  return {
    section: 'latency',
    tables: [tableOf(rows, samples)],
    circumstances: [
      ...versionsOf(subjects),
      `load: bench/load/open-loop.ts, ${rate} requests/s (${scene.spacing})`,
      `backends: ${server}`,
    ],
    faults: judgements.flatMap(one => one.faults),
    noise: judgements.flatMap(one => one.noise),
    calibrations,
    raw: { rate, connections, pace, samples: Object.fromEntries(samples) },
  };
}
