import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from './client.js';
import { eventually, patience } from './poll.js';
import { startGateway, type RunningGateway } from './program.js';
import { tempFolder } from './temp.js';

const faults = fileURLToPath(new URL('worker-faults.cjs', import.meta.url));

/** What can befall a worker. */
export type Fault = 'throw' | 'loop' | 'fill';

/** A gateway whose workers can be made to die, and to be late. */
export class FaultyWorkers {
  private constructor(
    readonly gateway: RunningGateway,
    private readonly folder: string,
  ) {}

  static async start(config: object, flags = ''): Promise<FaultyWorkers> {
    const folder = await tempFolder();
    const env = { NODE_OPTIONS: `--require ${faults} ${flags}`, WORKER_FAULTS: folder };
    return new FaultyWorkers(await startGateway(config, { env }), folder);
  }

  /** Something befalls a worker, once. */
  befall(worker: number, fault: Fault): Promise<void> {
    return writeFile(join(this.folder, `${worker}`), fault);
  }

  /** A worker dies whenever it begins, until the function is called that it gives. */
  async keepDown(worker: number): Promise<() => Promise<void>> {
    const file = join(this.folder, `${worker}-at-start`);
    await writeFile(file, 'throw');
    return () => rm(file);
  }

  /** A worker takes no message from the first of this kind on, until `release` is called. `reached` resolves when such a one has come. */
  async hold(worker: number, kind: string): Promise<{ reached: () => Promise<unknown>; release: () => Promise<void> }> {
    const [file, mark] = [`${worker}-at-${kind}`, `${worker}-has-${kind}`].map(name => join(this.folder, name));
    await rm(mark!, { force: true });
    await writeFile(file!, '');
    return {
      reached: () => eventually(() => existsSync(mark!), { what: `"${kind}" at worker ${worker}` }),
      release: () => rm(file!),
    };
  }

  /** How many lines of the log say this. */
  count(msg: string): number {
    return this.gateway.logs().filter(line => line.msg === msg).length;
  }

  /** Does something, and waits until it has had another line of the log say this. */
  async until(msg: string, act: () => Promise<unknown>, deadline = patience): Promise<void> {
    const before = this.count(msg);
    await act();
    await eventually(() => this.count(msg) > before, { deadline, what: `"${msg}"\n${this.gateway.stdout}` });
  }

  /** The different answers of twenty connections, which the system deals out among the workers. */
  async answers(path: string, port = this.gateway.port): Promise<string[]> {
    const all = await Promise.all(Array.from({ length: 20 }, () => request(port, { path })));
    return [...new Set(all.map(({ text }) => text))];
  }
}
