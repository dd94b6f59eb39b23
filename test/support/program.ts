import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { requireBuild } from './build.js';
import { Child, type ChildOptions, type Exit } from './child.js';
import { eventually, patience, within } from './poll.js';
import { tempFolder } from './temp.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bundledNode = join(root, 'node_modules', '.bin', 'node');
const main = join(root, 'dist', 'main.js');

/** The Node that runs the program: the one that `npm ci` brought, as for users. */
export const nodePath = existsSync(bundledNode) ? bundledNode : process.execPath;

/** One line of the program's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

/** What a command gave. */
export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `gatehouse <args>` to its end.
 * @throws Error with its output when it runs longer than `timeout` ms (default {@link patience}).
 */
export async function runCli(
  args: readonly string[],
  { timeout = patience, ...options }: ChildOptions & { readonly timeout?: number } = {},
): Promise<CliResult> {
  const child = startProgram(args, options);
  try {
    const exit = await within(child.exited, timeout, `the end of gatehouse ${args.join(' ')}`);
    return { ...exit, stdout: child.stdout, stderr: child.stderr };
  } catch (cause) {
    await child.kill();
    throw new Error(`${String(cause)}\n${child.stdout}${child.stderr}`, { cause });
  }
}

/** The real program, started and ready. */
export class RunningGateway {
  constructor(
    readonly child: Child,
    /** The configuration file; undefined when it was started with arguments. Overwrite it to test a reload. */
    readonly configFile: string | undefined,
  ) {}

  /** Addresses by listener name, `admin` included, as the program printed them. The last one wins. */
  get urls(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.logs().flatMap(addresses));
  }

  /** Port of each listener by its name; `admin` is not among them. Unix sockets have none. */
  get ports(): Readonly<Record<string, number>> {
    const entries = Object.entries(this.urls).filter(([name, url]) => name !== 'admin' && /^https?:/.test(url));
    return Object.fromEntries(entries.map(([name, url]) => [name, portOf(url)]));
  }

  /** Port of the first listener. */
  get port(): number {
    const first = Object.values(this.ports)[0];
    if (first === undefined) throw new Error('the program listens on no port');
    return first;
  }

  get adminPort(): number {
    const { admin } = this.urls;
    if (admin === undefined) throw new Error('the program printed no address of its admin listener');
    return portOf(admin);
  }

  get pid(): number {
    return this.child.process.pid ?? 0;
  }

  get stdout(): string {
    return this.child.stdout;
  }

  get stderr(): string {
    return this.child.stderr;
  }

  /** The whole JSON lines on standard output so far; other lines are left out. */
  logs(): LogLine[] {
    return this.child.stdout.split('\n').slice(0, -1).flatMap(parseLine);
  }

  /** Waits for a log line; gives the first that matches. @throws Error with the log after `deadline` ms (default {@link patience}). */
  async waitForLog(matches: (line: LogLine) => boolean, deadline = patience): Promise<LogLine> {
    try {
      return await eventually(() => this.logs().find(matches) ?? false, { deadline, what: 'a log line' });
    } catch (cause) {
      throw new Error(`no such log line within ${deadline} ms in:\n${this.stdout}${this.stderr}`, { cause });
    }
  }

  /** Sends a signal without waiting: `SIGHUP` to reload, the first of two `SIGTERM`s. */
  signal(signal: NodeJS.Signals): void {
    this.child.process.kill(signal);
  }

  /** Sends a signal (default SIGTERM) and waits for the end. @throws Error with the output after `deadline` ms. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', deadline?: number): Promise<Exit> {
    return this.child.stop(signal, deadline);
  }
}

/** How the program is started. */
export interface GatewayOptions {
  readonly env?: ChildOptions['env'];
  readonly cwd?: string;
  /** Milliseconds until all listeners must be up. Default: {@link patience}. */
  readonly deadline?: number;
  /** Descriptors that it may have open, as by `ulimit -n`. Default: as many as the tests. */
  readonly openFiles?: number;
}

/**
 * Starts the real program and waits until every listener and the admin side have printed their `listening` line.
 *
 * `what` is a YAML text or an object, written to a file of its own (in `cwd`, else in a temporary folder) and run with
 * `run --config`; where it names no `listeners` or `admin`, those get port 0 on loopback. An array is used as the
 * arguments after `run` as they are: give it its ports. Killed when the test has finished.
 * @throws Error with the program's output when it ends or is not ready in time.
 */
export async function startGateway(
  what: string | object | readonly string[],
  { env = {}, cwd, deadline = patience, openFiles }: GatewayOptions = {},
): Promise<RunningGateway> {
  let args: readonly string[];
  let listeners = 1;
  let configFile: string | undefined;
  if (isArguments(what)) args = what;
  else {
    const text = withFreePorts(typeof what === 'string' ? what : stringify(what));
    listeners = countListeners(text);
    configFile = join(cwd ?? (await tempFolder()), 'gateway.yaml');
    await writeFile(configFile, text);
    args = ['--config', configFile];
  }
  const child = startProgram(['run', ...args], { env, ...(cwd !== undefined && { cwd }) }, openFiles);
  const gateway = new RunningGateway(child, configFile);
  const ready = (): boolean => {
    const names = Object.keys(gateway.urls);
    return names.includes('admin') && names.length > listeners;
  };
  await child.until(ready, `${listeners} listeners and the admin side were up`, deadline);
  return gateway;
}

/** Adds listeners and an admin side on free loopback ports, and one worker, to a configuration that does not name them. */
export function withFreePorts(yaml: string): string {
  const config = parse(yaml) as Record<string, unknown> | null;
  const added = [
    config?.['listeners'] === undefined ? 'listeners: [{ name: web, host: 127.0.0.1, port: 0 }]' : '',
    config?.['admin'] === undefined ? 'admin: { port: 0 }' : '',
    // Most tests are not about threads, and start sooner with one.
    config?.['workers'] === undefined ? 'workers: 1' : '',
  ];
  return [yaml.trimEnd(), ...added.filter(line => line !== ''), ''].join('\n');
}

function startProgram(args: readonly string[], options: ChildOptions, openFiles?: number): Child {
  requireBuild();
  if (openFiles === undefined) return new Child(nodePath, [main, ...args], options);
  return new Child('sh', ['-c', `ulimit -n ${openFiles}; exec "$0" "$@"`, nodePath, main, ...args], options);
}

function isArguments(what: string | object | readonly string[]): what is readonly string[] {
  return Array.isArray(what);
}

function countListeners(yaml: string): number {
  const { listeners } = parse(yaml) as { listeners?: unknown[] };
  return listeners?.length ?? 1;
}

/** Name and address from a `listening` line: `{ listener, url }`, or `{ admin: url }`. */
function addresses({ msg, listener, url, admin }: LogLine): [string, string][] {
  if (msg !== 'listening') return [];
  if (typeof admin === 'string') return [['admin', admin]];
  if (typeof url !== 'string') return [];
  return admin === true ? [['admin', url]] : [[String(listener), url]];
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? ({ 'http:': 80, 'https:': 443 }[protocol] ?? 0) : Number(port);
}

function parseLine(line: string): LogLine[] {
  if (!line.startsWith('{')) return [];
  try {
    return [JSON.parse(line) as LogLine];
  } catch {
    return [];
  }
}
