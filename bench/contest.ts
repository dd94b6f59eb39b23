import { setTimeout as pause } from 'node:timers/promises';
import { calibrate } from '#bench/calibration';
import { writeCertificate } from '#bench/certificate';
import { cpuBetween, readCore, readCpu } from '#bench/cpu';
import { sendBurst, type Burst, type LoadGenerator } from '#bench/load/load';
import type { Machine } from '#bench/machine';
import { freePort } from '#bench/ports';
import { assertAnswers, untilReady } from '#bench/probe';
import type { Running, Stage } from '#bench/stage';
import type { Subject } from '#bench/subjects/subject';
import type { Sample } from '#bench/summary';
import { isSecure } from '#bench/work';

/** Where a contest takes place. */
export interface Venue {
  readonly stage: Stage;
  readonly machine: Machine;
  readonly generator: LoadGenerator;
}

/** One row of a contest: a running proxy and the load that it gets. Two rows may share a proxy. */
export interface Contestant {
  readonly label: string;
  readonly running: Running;
  readonly load: Omit<Burst, 'seconds'>;
}

/** How long a contest takes. Seconds are whole ones, as the load generators want them. */
export interface Pace {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUp: number;
}

/** What a contest has shown. */
export interface Course {
  /** The samples of each contestant by its label, without those of the warm-up. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  /** Milliseconds that a fixed piece of work took on the proxy's core, before each round. */
  readonly calibrations: readonly number[];
}

/** Starts a proxy on the proxy's core and waits until it gives the right answer to the load's request. */
export async function startContestant(
  { stage, machine }: Venue,
  subject: Subject,
  backends: readonly string[],
  load: Omit<Burst, 'seconds' | 'port'>,
  label = subject.name,
): Promise<Contestant> {
  const port = await freePort();
  const folder = stage.folderFor(label);
  const command = subject.prepare({
    ...{ port, protocol: load.work.protocol, backends, folder },
    ...(isSecure(load.work) && { certificate: await writeCertificate(folder) }),
  });
  const running = stage.start(label, machine.pin('proxy', command));
  const contestant = { label, running, load: { ...load, port } };
  await untilReady(running, { hostname: '127.0.0.1', port }, probedWork(contestant));
  return contestant;
}

function probedWork({ load }: Contestant): Burst['work'] {
  return load.routes === 0 ? load.work : { ...load.work, path: `/r0${load.work.path}` };
}

/**
 * Waits until a proxy rests: after a burst it may have requests to clear away whose clients have left. It must answer,
 * since a proxy that is merely denied its core looks idle, and then be quiet three times. Throws after 20 s.
 */
async function untilIdle(contestant: Contestant): Promise<void> {
  const { label, running, load } = contestant;
  const deadline = performance.now() + 20_000;
  await untilReady(running, { hostname: '127.0.0.1', port: load.port }, probedWork(contestant));
  let last = readCpu(running.pid);
  for (let quiet = 0; quiet < 3;) {
    await pause(50);
    const now = readCpu(running.pid);
    // One tick of the kernel's clock is what a resting proxy's timers may take.
    quiet = cpuBetween(last, now) < 0.015 ? quiet + 1 : 0;
    last = now;
    if (performance.now() > deadline) throw new Error(`${label} is still busy 20 s after its load has ended`);
  }
}

/** Seconds of load before each measurement: what is measured is a proxy under load, not one that comes out of a rest. */
const leadIn = 1;

async function sample(venue: Venue, contestant: Contestant, seconds: number): Promise<Sample> {
  const { running, load } = contestant;
  const { proxyCore } = venue.machine;
  await untilIdle(contestant);
  await sendBurst(venue.stage, venue.machine, venue.generator, { ...load, seconds: leadIn });
  const started = performance.now();
  const coreBefore = proxyCore === undefined ? 0 : readCore(proxyCore);
  const before = readCpu(running.pid);
  const result = await sendBurst(venue.stage, venue.machine, venue.generator, { ...load, seconds });
  const cpuSeconds = cpuBetween(before, readCpu(running.pid));
  const coreSeconds = proxyCore === undefined ? cpuSeconds : readCore(proxyCore) - coreBefore;
  const elapsed = (performance.now() - started) / 1000;
  running.assertAlive();
  return {
    cpuPerRequest: (cpuSeconds / result.requests) * 1e6,
    busy: cpuSeconds / result.seconds,
    disturbance: Math.max(0, coreSeconds - cpuSeconds) / elapsed,
    rate: result.requests / result.seconds,
    p50: result.p50,
    p99: result.p99,
    requests: result.requests,
    errors: result.errors,
  };
}

/** Loads a proxy for so many seconds, of which nothing is measured. */
export async function warmUp(venue: Venue, contestant: Contestant, seconds: number): Promise<void> {
  await untilIdle(contestant);
  await sendBurst(venue.stage, venue.machine, venue.generator, { ...contestant.load, seconds });
}

/**
 * Measures all contestants in one interleaved run: every round has each of them once, and each round begins with
 * another one, so that noise of the machine meets all alike.
 */
export async function runContest(
  venue: Venue,
  contestants: readonly Contestant[],
  pace: Pace,
  progress: (line: string) => void,
): Promise<Course> {
  const samples = new Map<string, Sample[]>(contestants.map(one => [one.label, []]));
  const calibrations: number[] = [];
  for (const contestant of contestants) await warmUp(venue, contestant, pace.warmUp);
  let last = contestants.at(-1);
  for (let round = 0; round < pace.rounds; round++) {
    if (last !== undefined) await untilIdle(last);
    calibrations.push(await calibrate(venue.stage, venue.machine));
    const first = round % contestants.length;
    const order = [...contestants.slice(first), ...contestants.slice(0, first)];
    last = order.at(-1);
    for (const contestant of order) {
      const taken = await sample(venue, contestant, pace.seconds);
      samples.get(contestant.label)?.push(taken);
      progress(`round ${round + 1}: ${contestant.label} ${taken.cpuPerRequest.toFixed(1)} µs, ${taken.errors} errors`);
    }
  }
  for (const contestant of contestants) {
    const address = { hostname: '127.0.0.1', port: contestant.load.port };
    await assertAnswers(contestant.label, address, probedWork(contestant));
  }
  return { samples, calibrations };
}
