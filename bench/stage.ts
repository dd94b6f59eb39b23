import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from '#bench/command';
import { readCpu } from '#bench/cpu';

/** A program that was started, with the file that holds what it printed. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly output: string;
  /** Throws, with the end of its output, when it is no longer there. */
  assertAlive(): void;
  /** Waits until it has printed this. Throws when it ends first. */
  printed(text: string): Promise<void>;
  /** Waits until it ends and returns what it printed. Throws when it failed. */
  finished(): Promise<string>;
  /** Stops it. It may have ended already, or end with an error. */
  stop(): Promise<void>;
}

const stopDeadline = 5000;

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child) || child.pid === undefined) return;
  const tree = readCpu(child.pid).pids;
  child.kill('SIGTERM');
  await Promise.race([once(child, 'exit'), once(AbortSignal.timeout(stopDeadline), 'abort')]);
  if (hasEnded(child)) return;
  // A master that is killed outright leaves its workers behind, so they are ended with it.
  for (const pid of tree) process.kill(pid, 'SIGKILL');
}

/** Everything that a run has put on the machine: a folder for temporary files, and processes. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  readonly #children = new Set<ChildProcess>();
  #closed = false;

  /** Makes a folder of its own for one program. */
  folderFor(name: string): string {
    const folder = join(this.folder, name.replaceAll(/\W+/g, '-'));
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Starts a program; what it prints goes to a file in its folder. */
  start(name: string, command: Command): Running {
    if (this.#closed) throw new Error('interrupted');
    const output = join(this.folderFor(name), 'output.log');
    const file = openSync(output, 'w');
    const child = spawn(command.file, command.args, {
      stdio: ['ignore', file, file],
      cwd: this.folderFor(name),
      env: { ...process.env, NODE_ENV: 'production', ...command.env },
    });
    closeSync(file);
    if (child.pid === undefined) throw new Error(`${name} did not start`);
    this.#children.add(child);
    const exited = once(child, 'exit');
    const failure = (): Error =>
      new Error(`${name} ended (${child.signalCode ?? child.exitCode}):\n${readFileSync(output, 'utf8').slice(-2000)}`);
    return {
      name,
      pid: child.pid,
      output,
      assertAlive: () => {
        if (hasEnded(child)) throw failure();
      },
      printed: async text => {
        while (!readFileSync(output, 'utf8').includes(text)) {
          if (hasEnded(child)) throw failure();
          await pause(50);
        }
      },
      finished: async () => {
        await exited;
        this.#children.delete(child);
        if (child.exitCode !== 0) throw failure();
        return readFileSync(output, 'utf8');
      },
      stop: async () => {
        await stop(child);
        this.#children.delete(child);
      },
    };
  }

  /** Stops every process and removes the folder. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#children].map(stop));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs a piece of work on a stage of its own and clears the stage afterwards, also after an error, Ctrl-C or SIGTERM. */
export async function withStage<T>(run: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = new Stage();
  const interrupt = (): void => {
    stage.close().then(
      () => process.exit(130),
      () => process.exit(130),
    );
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    return await run(stage);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    await stage.close();
  }
}
