import { join } from 'node:path';
import type { Command } from '#bench/command';
import { nodeBinary, packageVersion, versionOf, type Machine } from '#bench/machine';
import type { Stage } from '#bench/stage';
import type { Work } from '#bench/work';

/** What one burst of load is to be. */
export interface Burst {
  readonly port: number;
  readonly work: Work;
  readonly connections: number;
  /** Whole seconds. */
  readonly seconds: number;
  /** 0: every request has the work's path; n: it is preceded by /r0 … /r<n-1>, in turn. */
  readonly routes: number;
}

/** What one burst of load has seen. */
export interface BurstResult {
  /** Answers received. */
  readonly requests: number;
  readonly seconds: number;
  readonly bytes: number;
  /** Connections refused or broken, answers of 400 and over, answers that never came. */
  readonly errors: number;
  /** Milliseconds, median. */
  readonly p50: number;
  /** Milliseconds. */
  readonly p99: number;
}

/** A load generator. */
export interface LoadGenerator {
  readonly name: string;
  readonly version: string;
  /** The command for one burst. It prints a line `RESULT <json>`. */
  command(burst: Burst): Command;
}

function wrk(): LoadGenerator | undefined {
  const version = versionOf('wrk', ['-v'], /wrk \D*([\d.]+)/);
  const script = join(import.meta.dirname, 'wrk.lua');
  return version === undefined
    ? undefined
    : {
        name: 'wrk',
        version,
        command: ({ port, work, connections, seconds, routes }) => ({
          file: 'wrk',
          // prettier-ignore
          args: [
            '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script,
            `http://127.0.0.1:${port}${work.path}`, '--',
            work.method, String(work.bodyBytes), work.path, String(routes),
          ],
        }),
      };
}

function autocannon(): LoadGenerator | undefined {
  const version = packageVersion('autocannon');
  return version === undefined
    ? undefined
    : {
        name: 'autocannon',
        version,
        command: burst => ({
          file: nodeBinary,
          args: [join(import.meta.dirname, 'autocannon.ts'), JSON.stringify(burst)],
        }),
      };
}

/** Picks the load generator: wrk where it is installed, since it costs least, or else autocannon. */
export function chooseGenerator(preferred?: string): LoadGenerator {
  const candidates = [wrk, autocannon].flatMap(find => find() ?? []);
  const chosen = preferred === undefined ? candidates[0] : candidates.find(one => one.name === preferred);
  if (!chosen) throw new Error(`no load generator: install wrk, or autocannon from the development dependencies`);
  return chosen;
}

/** Reads the result from what a load generator printed. Throws when it is not there. */
export function parseResult(output: string): BurstResult {
  const json = /^RESULT (\{.*\})$/m.exec(output)?.[1];
  if (json === undefined) throw new Error(`the load generator reported nothing:\n${output.slice(-1000)}`);
  return JSON.parse(json) as BurstResult;
}

/** Sends one burst of load from the load's core and returns what it saw. */
export async function sendBurst(
  stage: Stage,
  machine: Machine,
  generator: LoadGenerator,
  burst: Burst,
): Promise<BurstResult> {
  const running = stage.start('load', machine.pin('load', generator.command(burst)));
  const result = parseResult(await running.finished());
  // An answer that was cut short but well framed shows only in the sum of bytes; silence shows nowhere else either.
  const tooFewBytes = result.requests === 0 || result.bytes < result.requests * burst.work.answerBytes;
  return tooFewBytes ? { ...result, errors: Math.max(result.errors, 1) } : result;
}
