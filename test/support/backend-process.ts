import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { Child } from './child.js';
import { closeLater } from './cleanup.js';
import { eventually } from './poll.js';
import { nodePath } from './program.js';

const programs = {
  /** Answers with its name, the method and the path. */
  plain: fileURLToPath(new URL('backend-program.ts', import.meta.url)),
  /** Sends numbered events without end, from `Last-Event-ID` on. */
  events: fileURLToPath(new URL('event-program.ts', import.meta.url)),
};

/** A backend in a process of its own, which can be killed, frozen and started again on its port. Killed when the test has finished. */
export class BackendProcess {
  #child: Child | undefined;
  #port = 0;

  constructor(
    /** The first word of its answers. */
    readonly name: string,
    private readonly backlog: number,
    private readonly program: keyof typeof programs,
  ) {}

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What the gateway calls it, unless its configuration says otherwise. */
  get id(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Starts it: at first on any free port, later on the same one. Resolves when it listens. */
  async start(): Promise<void> {
    const child = new Child(nodePath, [programs[this.program], this.name, String(this.#port), String(this.backlog)]);
    this.#child = child;
    await child.until(() => child.stdout.includes('\n'), `backend ${this.name} listened`);
    this.#port = Number(child.stdout);
  }

  /** `kill -9`: its connections break, new ones are refused. */
  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  /** Stops it where it is: its kernel still takes connections, up to the backlog, but they are not read. */
  async freeze(): Promise<void> {
    const pid = this.#child?.process.pid;
    process.kill(pid ?? 0, 'SIGSTOP');
    await eventually(async () => /\) T /.test(await readFile(`/proc/${pid}/stat`, 'latin1')), { what: 'the freeze' });
  }

  /** Frozen, with a full backlog: new connections get no answer at all. For a `backlog` of 1 or a few more. */
  async blackhole(): Promise<void> {
    await this.freeze();
    for (let place = 0; place <= this.backlog; place++) {
      const filler = net.connect(this.#port, '127.0.0.1');
      filler.on('error', () => filler.destroy());
      closeLater(() => filler.destroy());
      await once(filler, 'connect');
    }
  }
}

/** Starts a backend in a process of its own and waits until it listens. `backlog`: connections that may wait for it. */
export async function startBackendProcess(
  name: string,
  { backlog = 511, program = 'plain' as keyof typeof programs } = {},
): Promise<BackendProcess> {
  const backend = new BackendProcess(name, backlog, program);
  await backend.start();
  return backend;
}
