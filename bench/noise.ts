import type { Machine } from '#bench/machine';
import type { Summary } from '#bench/summary';

/** What a quiet machine stays under. A run that goes beyond one of them is noisy. */
export const noiseLimits = {
  /** Share of the proxy's core that others used in the round that counts. */
  disturbance: 0.05,
  /** Share of the run's cores that programs outside of the run used while a part was measured. */
  bystanders: 0.05,
  /** The CPU time of the second best round, divided by that of the best, which is the figure that counts: another round must confirm it. */
  confirmation: 1.1,
  /** The median of the rounds of a latency or a start, divided by the best one. */
  spread: 1.25,
  /** The same for a fixed piece of work, which takes the same time whenever the machine is quiet. */
  calibration: 1.1,
  /** Milliseconds that one of a hundred requests of an open-loop load was sent too late. */
  lateness: 1,
} as const;

/** A share with a digit more than in the tables, since what counts here are small ones. */
function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** The middle value; of two the greater one. NaN when there is none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Says that the median of a figure's rounds is far above their best. */
export function spreadNoise(figure: string, best: number, middle: number): string[] {
  const spread = middle / best;
  return spread > noiseLimits.spread
    ? [
        `the rounds of ${figure} differ: their median is ${spread.toFixed(2)} times the best (limit ${noiseLimits.spread})`,
      ]
    : [];
}

/** Says which contestants shared the proxy's core even in the round that counts. */
export function disturbanceNoise(summaries: readonly Summary[]): string[] {
  const disturbed = summaries.filter(one => one.disturbance > noiseLimits.disturbance);
  const names = disturbed.map(one => `${one.label} (${percent(one.disturbance)})`).join(', ');
  return disturbed.length === 0
    ? []
    : [`other work shared the core with ${names} (limit ${percent(noiseLimits.disturbance)})`];
}

/** Says which contestants have a best round that no other confirms. */
function confirmationNoise({ label, cpuPerRequest: best, secondCpuPerRequest: second }: Summary): string[] {
  const { confirmation } = noiseLimits;
  return second > confirmation * best
    ? [
        `no other round of ${label} confirms the best: the second took ${(second / best).toFixed(2)} times as much (limit ${confirmation})`,
      ]
    : [];
}

/** Says which contestants shared the proxy's core, and whose best round stands alone. */
export function contestNoise(summaries: readonly Summary[]): string[] {
  return [...disturbanceNoise(summaries), ...summaries.flatMap(confirmationNoise)];
}

/** Says that programs outside of the run used its cores. */
export function bystanderNoise(share: number): string[] {
  return share > noiseLimits.bystanders
    ? [`other programs used ${percent(share)} of the run's cores (limit ${percent(noiseLimits.bystanders)})`]
    : [];
}

/**
 * Says that a fixed piece of work took longer than it can take here.
 *
 * @param times - milliseconds, one for each round of a part
 * @param best - the least that it took in the whole run, by default in this part
 */
export function calibrationNoise(times: readonly number[], best = Math.min(...times)): string[] {
  const slowness = median(times) / best;
  return slowness > noiseLimits.calibration
    ? [`fixed work took ${slowness.toFixed(2)} times its best in the run (limit ${noiseLimits.calibration})`]
    : [];
}

/** Says that the load itself was not on time, so that what it saw is no latency of a proxy. */
export function latenessNoise(label: string, milliseconds: number): string[] {
  return milliseconds > noiseLimits.lateness
    ? [
        `one of a hundred requests to ${label} was sent ${milliseconds.toFixed(2)} ms late (limit ${noiseLimits.lateness} ms)`,
      ]
    : [];
}

/** Says that this machine cannot tell what else ran. */
export function pinningNoise({ pins }: Machine): string[] {
  return pins ? [] : ['nothing is pinned to a core, so that nothing tells what else ran'];
}

/** Prints why a run is noisy. Returns whether it is not: only then its figures may be written. */
export function reportNoise(reasons: readonly string[]): boolean {
  for (const reason of reasons) console.log(`noisy: ${reason}`);
  if (reasons.length > 0) console.log('noisy: measure again when the machine is quiet; nothing is written');
  return reasons.length === 0;
}
