import { join } from 'node:path';
import type { Command } from '#bench/command';
import { nodeBinary, packageVersion, versionOf, type Machine } from '#bench/machine';
import type { Stage } from '#bench/stage';
import { isSecure, type Protocol, type Work } from '#bench/work';

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
            `${isSecure(work) ? 'https' : 'http'}://127.0.0.1:${port}${work.path}`, '--',
            work.method, String(work.bodyBytes), work.path, String(routes),
          ],
        }),
      };
}

/** A load generator that is a program of this folder. */
function program(name: string, version: string, file: string): LoadGenerator {
  return {
    name,
    version,
    command: burst => ({ file: nodeBinary, args: [join(import.meta.dirname, file), JSON.stringify(burst)] }),
  };
}

function autocannon(): LoadGenerator | undefined {
  const version = packageVersion('autocannon');
  return version === undefined ? undefined : program('autocannon', version, 'autocannon.ts');
}

function h2load(): LoadGenerator | undefined {
  const version = versionOf('h2load', ['--version'], /nghttp2\/([\d.]+)/);
  return version === undefined ? undefined : program('h2load', version, 'h2load.ts');
}

/** Messages that are echoed through WebSockets, one under way on each connection. */
export const tunnels = program('bench/load/tunnels.ts', '', 'tunnels.ts');

/** Clients that listen to event streams. */
const events = program('bench/load/events.ts', '', 'events.ts');

/** Picks the load generator: wrk where it is installed, since it costs least, or else autocannon. */
export function chooseGenerator(preferred?: string): LoadGenerator {
  const candidates = [wrk, autocannon].flatMap(find => find() ?? []);
  const chosen = preferred === undefined ? candidates[0] : candidates.find(one => one.name === preferred);
  if (!chosen) throw new Error(`no load generator: install wrk, or autocannon from the development dependencies`);
  return chosen;
}

/** Finds the load generator for clients of a protocol; a preferred one counts for HTTP/1.1. Undefined when it is not installed. */
export function generatorFor(protocol: Protocol, preferred?: string): LoadGenerator | undefined {
  switch (protocol) {
    case 'http':
    case 'https':
      return chooseGenerator(preferred);
    case 'h2':
      return h2load();
    case 'websocket':
      return tunnels;
    case 'events':
      return events;
  }
}

/** Reads the result from what a load generator printed; what it holds depends on the load. Throws when it is not there. */
export function parseResult<Result = BurstResult>(output: string): Result {
  const json = /^RESULT (\{.*\})$/m.exec(output)?.[1];
  if (json === undefined) throw new Error(`the load generator reported nothing:\n${output.slice(-1000)}`);
  return JSON.parse(json) as Result;
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
