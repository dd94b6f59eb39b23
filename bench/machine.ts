import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '#bench/command';

/** The project's folder. */
export const projectRoot = join(import.meta.dirname, '..');

/** The Node binary that runs every Node subject: the project's own, or else the one that runs this. */
export const nodeBinary = [join(projectRoot, 'node_modules/.bin/node')].find(existsSync) ?? process.execPath;

/** The cores that this process may use, from `Cpus_allowed_list` (`0-3,6`). Throws anywhere but on Linux. */
function allowedCores(): number[] {
  if (process.platform !== 'linux') throw new Error('the benchmark reads CPU time from /proc and runs on Linux only');
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return list.split(',').flatMap(range => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  });
}

/** Asks a program for its version: the first group of the pattern in what it prints. Undefined when it is not installed. */
export function versionOf(file: string, args: readonly string[], pattern: RegExp): string | undefined {
  const { stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', timeout: 5000 });
  if (error) return undefined;
  return pattern.exec(stdout + stderr)?.[1] ?? 'unknown version';
}

/** Reads the version of an installed npm package. Undefined when it is not installed. */
export function packageVersion(name: string): string | undefined {
  const file = join(projectRoot, 'node_modules', name, 'package.json');
  if (!existsSync(file)) return undefined;
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}

/** Where things run: the proxy under test on one core, everything else on another. */
export interface Machine {
  readonly cores: number;
  /** False when there is no second core or no taskset: then figures are not comparable with pinned ones. */
  readonly pins: boolean;
  readonly node: string;
  /** The proxy's core, when it is pinned. */
  readonly proxyCore: number | undefined;
  /** The cores that the run has for itself, or should have; empty when nothing is pinned. */
  readonly ownCores: readonly number[];
  /** Wraps a command so that it, its threads and its children stay on the core of that role. */
  pin(role: 'proxy' | 'load', command: Command): Command;
}

/** Describes this machine, and moves the calling process to the load's core so that it does not disturb the proxy. */
export function describeMachine(): Machine {
  const cores = allowedCores();
  const [proxyCore, loadCore] = cores;
  const pins = loadCore !== undefined && versionOf('taskset', ['--version'], /(\d[\d.]*)/) !== undefined;
  if (pins) spawnSync('taskset', ['-acp', String(loadCore), String(process.pid)]);
  return {
    cores: cores.length,
    pins,
    proxyCore: pins ? proxyCore : undefined,
    ownCores: pins ? cores.slice(0, 2) : [],
    node: versionOf(nodeBinary, ['--version'], /v(\S+)/) ?? 'unknown version',
    pin: (role, command) =>
      pins
        ? {
            ...command,
            file: 'taskset',
            args: ['-c', String(role === 'proxy' ? proxyCore : loadCore), command.file, ...command.args],
          }
        : command,
  };
}
