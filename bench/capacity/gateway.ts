import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import { readCpu } from '#bench/cpu';
import { nodeBinary, projectRoot } from '#bench/machine';
import { freePorts } from '#bench/ports';
import type { Running, Stage } from '#bench/stage';

const collector = join(import.meta.dirname, 'collect.ts');
/** How long a gateway with ten thousand backends may take to start, and a reading to settle. */
const startDeadline = 180_000;

/** What a gateway's process holds, in KiB (`Rss` of `smaps_rollup`). */
export interface Weight {
  /** As it stands, with garbage that is not collected yet. */
  readonly standing: number;
  /** After its garbage was collected. */
  readonly held: number;
}

/** What a gateway is to be configured with, beside its addresses. */
export interface Settings {
  readonly tls?: object;
  readonly limits?: object;
  readonly [block: string]: unknown;
}

const residentKiB = (pid: number): number =>
  Number(/^Rss:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);

/** A gateway under test. */
export class Gateway {
  readonly running: Running;
  readonly port: number;
  readonly admin: number;
  readonly file: string;
  #collections = 0;

  private constructor(running: Running, port: number, admin: number, file: string) {
    this.running = running;
    this.port = port;
    this.admin = admin;
    this.file = file;
  }

  /** Starts the built program and waits until it serves. It logs nothing but errors and has one worker unless the settings say otherwise. */
  static async start(stage: Stage, name: string, settings: Settings): Promise<Gateway> {
    const [port = 0, admin = 0] = await freePorts(2);
    const file = join(stage.folderFor(name), 'gateway.yaml');
    writeFileSync(file, textOf(port, admin, settings));
    const running = stage.start(name, {
      file: nodeBinary,
      args: ['--import', collector, join(projectRoot, 'dist/main.js'), 'run', '--config', file],
    });
    const gateway = new Gateway(running, port, admin, file);
    await gateway.#ready();
    return gateway;
  }

  /** CPU seconds that it has used so far. */
  get cpu(): number {
    return readCpu(this.running.pid).seconds;
  }

  /** Has its garbage collected until that frees no more, and weighs it before and after. */
  async weigh(): Promise<Weight> {
    const { pid } = this.running;
    await pause(500);
    this.running.assertAlive();
    const standing = residentKiB(pid);
    let held = standing;
    for (let turn = 0; turn < 8; turn++) {
      await this.#collect();
      await pause(400);
      const now = residentKiB(pid);
      const freed = held - now;
      held = now;
      if (turn > 2 && Math.abs(freed) < 256) break;
    }
    this.running.assertAlive();
    return { standing, held };
  }

  /** A page of the admin listener. Throws when it is refused. */
  async page(path: string, method = 'GET'): Promise<string> {
    for (let tries = 1; ; tries++) {
      const response = await fetch(`http://127.0.0.1:${this.admin}${path}`, {
        method,
        headers: { connection: 'close' },
      });
      const text = await response.text();
      if (response.ok) return text;
      // 408: the machine was so busy that the request was not read in time.
      if (response.status !== 408 || tries === 5)
        throw new Error(`${this.running.name}: ${path} gave ${response.status}: ${text.slice(0, 500)}`);
    }
  }

  /** The values of a metric by one of its labels. */
  async series(name: string, label: string): Promise<Record<string, number>> {
    const lines = (await this.page('/metrics')).matchAll(
      new RegExp(`^${name}\\{(?:[^}]*,)?${label}="([^"]*)"[^}]*\\} (\\S+)$`, 'gm'),
    );
    const values: Record<string, number> = {};
    for (const [, key = '', value] of lines) values[key] = (values[key] ?? 0) + Number(value);
    return values;
  }

  /** The sum of a metric over all its series. */
  async metric(name: string): Promise<number> {
    const lines = (await this.page('/metrics')).matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'));
    return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
  }

  /** Writes other settings into its file and has it read them. Gives the milliseconds until they are in force. */
  async reload(settings: Settings): Promise<number> {
    writeFileSync(this.file, textOf(this.port, this.admin, settings));
    const began = performance.now();
    await this.page('/reload', 'POST');
    return performance.now() - began;
  }

  async stop(): Promise<void> {
    await this.running.stop();
  }

  async #collect(): Promise<void> {
    process.kill(this.running.pid, 'SIGUSR2');
    this.#collections++;
    const collected = (): number => readFileSync(this.running.output, 'utf8').split('COLLECTED').length - 1;
    for (const deadline = performance.now() + startDeadline; collected() < this.#collections; await pause(20)) {
      if (performance.now() > deadline) throw new Error('the gateway does not collect its garbage');
    }
  }

  async #ready(): Promise<void> {
    for (const deadline = performance.now() + startDeadline; performance.now() < deadline; await pause(50)) {
      this.running.assertAlive();
      const response = await fetch(`http://127.0.0.1:${this.admin}/health/ready`).catch(() => undefined);
      if (response?.ok === true) return;
    }
    throw new Error(`${this.running.name} was not ready within ${startDeadline} ms`);
  }
}

function textOf(port: number, admin: number, { tls, limits, ...others }: Settings): string {
  const listener = {
    host: '127.0.0.1',
    port,
    ...(tls !== undefined && { tls }),
    ...(limits !== undefined && { limits }),
  };
  return stringify(
    {
      workers: 1,
      logging: { level: 'error' },
      ...others,
      listeners: [listener],
      admin: { host: '127.0.0.1', port: admin },
      shutdown: { grace: '0s' },
    },
    { aliasDuplicateObjects: false },
  );
}
