import type { Chance } from '#bench/model/chance';

/** Gateways that each probe all backends of an upstream. Times in seconds. */
export interface Probing {
  readonly gateways: number;
  readonly backends: number;
  readonly interval: number;
  readonly timeout: number;
  readonly unhealthyAfter: number;
  /** How a dead backend fails a probe: at once, or not before the timeout. */
  readonly death: 'refused' | 'silent';
}

/** What probing makes of a backend that dies. */
export interface ProbingResult {
  /** Probes a second that each gateway sends, and that each backend gets. */
  readonly sent: number;
  readonly received: number;
  /** Seconds until one gateway has taken a dead backend out, on average; until the first and the last of all have. Each averaged over the deaths. */
  readonly average: number;
  readonly first: number;
  readonly last: number;
}

const deaths = 2000;

/** When one gateway has seen enough probes fail. `interval` ± 10 %, counted from start to start, as `src/health/backend-watch.ts` does. */
function takenOut({ death, interval, timeout, unhealthyAfter }: Probing, chance: Chance): number {
  const step = (): number => interval * (0.9 + 0.2 * chance());
  // The death comes at any moment between two probes.
  let start = chance() * step();
  for (let failed = 1; failed < unhealthyAfter; failed++) {
    const result = start + (death === 'silent' ? timeout : 0);
    start = Math.max(result, start + step());
  }
  return start + (death === 'silent' ? timeout : 0);
}

/** Has a backend die many times, and looks when each gateway knows. */
export function playProbing(probing: Probing, chance: Chance): ProbingResult {
  const { backends, gateways, interval } = probing;
  let [sum, first, last] = [0, 0, 0];
  for (let death = 0; death < deaths; death++) {
    const times = Array.from({ length: gateways }, () => takenOut(probing, chance));
    sum += times.reduce((all, time) => all + time, 0) / gateways;
    first += Math.min(...times);
    last += Math.max(...times);
  }
  return {
    sent: backends / interval,
    received: gateways / interval,
    average: sum / deaths,
    first: first / deaths,
    last: last / deaths,
  };
}
