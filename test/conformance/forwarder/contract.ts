import { describe, expect, it } from 'vitest';
import { request } from '../../support/client.js';
import { answer, startBackend } from '../../support/backend.js';
import { type InProcessGateway, type InProcessOptions, startInProcess } from '../../support/in-process.js';
import { eventually } from '../../support/poll.js';
import type { LogLine } from '../../support/program.js';
import { gapsOf } from './known-gaps.js';

/** What a gateway of the suite is made of, beside its backends. All in the shape of the configuration file. */
export interface Settings extends InProcessOptions {
  /** Keys of the upstream. */
  readonly upstream?: object;
  /** Keys of the route that leads to it. */
  readonly route?: object;
  /** Keys of the whole file. */
  readonly config?: object;
}

/** The suite's gateway before one backend, or several. */
export interface Setup {
  readonly gateway: InProcessGateway;
  readonly port: number;
  /** Waits until the exchange of the test has closed; gives its access line. */
  logged(): Promise<LogLine>;
}

/** The path that leads to a backend that always answers, by the same forwarder. */
const healthyPath = '/gatehouse-still-works';

/** One forwarder under test. A rule that is among its known gaps must fail: once it holds, the list and the docs are wrong. */
export class Contract {
  readonly #gaps: ReadonlyMap<string, string>;
  readonly #unseen: Set<string>;

  constructor(readonly forwarder: string) {
    this.#gaps = gapsOf(forwarder);
    this.#unseen = new Set(this.#gaps.keys());
  }

  /** One rule. After its test the gateway must still carry requests, and no exchange or attempt may be left open. */
  rule(name: string, test: (contract: RunningContract) => Promise<void>): void {
    this.#unseen.delete(name);
    const run = async (): Promise<void> => {
      const running = new RunningContract(this.forwarder);
      await test(running);
      await running.check();
    };
    if (this.#gaps.has(name)) it.fails(`${name} (known gap)`, run);
    else it(name, run);
  }

  /** Ends the collection: every known gap must be a rule of the suite. */
  close(): void {
    it('has no known gap without a rule', () => expect([...this.#unseen]).toEqual([]));
  }
}

/** What a rule's test starts its gateways by. */
export class RunningContract {
  readonly #gateways: InProcessGateway[] = [];

  constructor(readonly forwarder: string) {}

  /** Starts a gateway before these backends; retries are off, so that each test sees one attempt. */
  async start(
    backends: string | readonly string[],
    { upstream, route, config, imports }: Settings = {},
  ): Promise<Setup> {
    const healthy = await startBackend(answer(200, 'fine'));
    const { forwarder } = this;
    const plain = {
      ...config,
      upstreams: {
        app: { backends: [backends].flat(), forwarder, retries: { attempts: 0 }, ...upstream },
        healthy: { backends: [healthy.url], forwarder },
      },
      routes: [
        { name: 'healthy', match: { path: healthyPath }, upstream: 'healthy' },
        { name: 'app', match: { path: '/*' }, upstream: 'app', ...route },
      ],
    };
    const gateway = await startInProcess(plain, imports === undefined ? {} : { imports });
    this.#gateways.push(gateway);
    return { gateway, port: gateway.port, logged: () => gateway.waitForLog(line => line['msg'] === 'exchange') };
  }

  /** The rule's gateways are as good as new. */
  async check(): Promise<void> {
    for (const gateway of this.#gateways) {
      const response = await request(gateway.port, { path: healthyPath });
      expect(response.text).toBe('fine');
      const held = ['gatehouse_requests_in_flight', 'gatehouse_backend_in_flight'];
      await eventually(async () => expect(await gateway.metrics(held)).toEqual([0, 0]));
    }
  }
}

/** Runs groups of rules for a forwarder. */
export function describeContract(
  forwarder: string,
  groups: Readonly<Record<string, (contract: Contract) => void>>,
): void {
  describe(forwarder, () => {
    const contract = new Contract(forwarder);
    for (const [name, rules] of Object.entries(groups)) describe(name, () => rules(contract));
    contract.close();
  });
}
