import { expect } from 'vitest';
import { answer, startBackend } from '../../support/backend.js';
import { request } from '../../support/client.js';
import { type Adopter, type Front, startFront } from '../../support/front.js';
import { type InProcessGateway, startInProcess } from '../../support/in-process.js';
import { eventually } from '../../support/poll.js';
import type { LogLine } from '../../support/program.js';

/** What a gateway of the suite is made of, beside its backends. All in the shape of the configuration file. */
export interface Settings {
  /** Keys of the upstream. */
  readonly upstream?: object;
  /** Keys of the route that leads to it. */
  readonly route?: object;
  /** Keys of the whole file. */
  readonly config?: object;
}

/** The path that leads to a backend that always answers, by the same forwarder. */
const healthyPath = '/gatehouse-still-works';

/** A gateway of the suite: retries are off, so that each test sees one attempt, and circuits stay closed. */
export class SharedGateway {
  /** How many log lines are those of rules before. */
  #seen = 0;

  private constructor(
    readonly gateway: InProcessGateway,
    private readonly front: Front | undefined,
  ) {}

  /** Starts one before these backends; without any it has a port to put one behind: see {@link begin}. */
  static async start(
    forwarder: string,
    { upstream, route, config }: Settings = {},
    backends?: readonly string[],
  ): Promise<SharedGateway> {
    const healthy = await startBackend(answer(200, 'fine'));
    const front = backends === undefined ? await startFront() : undefined;
    const gateway = await startInProcess({
      ...config,
      upstreams: {
        app: {
          backends: backends ?? [front!.url],
          forwarder,
          retries: { attempts: 0 },
          circuitBreaker: { enabled: false },
          ...upstream,
        },
        healthy: { backends: [healthy.url], forwarder },
      },
      routes: [
        { name: 'healthy', match: { path: healthyPath }, upstream: 'healthy' },
        { name: 'app', match: { path: '/*' }, upstream: 'app', ...route },
      ],
    });
    return new SharedGateway(gateway, front);
  }

  /** Host and port that it reaches its backend by. */
  get authority(): string {
    return this.front?.authority ?? '';
  }

  /** Puts a backend behind it, when what went to the one before is over. */
  async begin(backend: Adopter): Promise<void> {
    await this.#rest();
    await this.front!.use(backend);
    await this.gateway.flush();
    this.#seen = this.gateway.logs.length;
  }

  /** Waits until an exchange of the rule has closed; gives its access line. */
  logged(): Promise<LogLine> {
    const find = (line: LogLine): boolean =>
      line['msg'] === 'exchange' && this.gateway.logs.indexOf(line, this.#seen) !== -1;
    return this.gateway.waitForLog(find);
  }

  /** It is as good as new. */
  async check(): Promise<void> {
    const response = await request(this.gateway.port, { path: healthyPath });
    expect(response.text).toBe('fine');
    await this.#rest();
  }

  async #rest(): Promise<void> {
    const held = ['gatehouse_requests_in_flight', 'gatehouse_backend_in_flight'];
    await eventually(async () => expect(await this.gateway.metrics(held)).toEqual([0, 0]));
  }
}
