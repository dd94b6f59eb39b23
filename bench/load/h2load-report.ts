import type { BurstResult } from '#bench/load/load';

/** Picks the value below which so many percent of the sorted values are. 0 when there is none. */
function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}

/**
 * Reads what h2load has printed, and its log: a line for each request with its start, its status and its microseconds.
 *
 * @param answerBytes - the bytes of each answer's body
 * @throws an error with the end of the output when it is not a report
 */
export function readReport(output: string, log: string, answerBytes: number): BurstResult {
  const time = /^finished in ([\d.]+)(s|ms),/m.exec(output);
  const counts = /^requests: .*, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/m.exec(output);
  const dataBytes = /^traffic: .*\((\d+)\) data$/m.exec(output)?.[1];
  if (time === null || counts === null || dataBytes === undefined) {
    throw new Error(`h2load reported nothing:\n${output.slice(-1000)}`);
  }
  const [done = 0, succeeded = 0, failed = 0] = counts.slice(1).map(Number);
  const took = log
    .split('\n')
    .map(line => line.split('\t'))
    .filter(fields => fields[1] === '200')
    .map(fields => Number(fields[2]) / 1000)
    .sort((a, b) => a - b);
  return {
    requests: succeeded,
    seconds: Number(time[1]) / (time[2] === 'ms' ? 1000 : 1),
    bytes: Number(dataBytes),
    // Requests that were under way at the end are none of the failed ones.
    errors: Math.max(failed, done - succeeded, Number(dataBytes) < succeeded * answerBytes ? 1 : 0),
    p50: percentile(took, 50),
    p99: percentile(took, 99),
  };
}
