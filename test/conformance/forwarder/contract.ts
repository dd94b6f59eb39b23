import { beforeAll, describe, expect, it } from 'vitest';
import type { Adopter } from '../../support/front.js';
import type { InProcessGateway } from '../../support/in-process.js';
import type { LogLine } from '../../support/program.js';
import { gapsOf } from './known-gaps.js';
import { type Settings, SharedGateway } from './shared-gateway.js';

export type { Settings } from './shared-gateway.js';

/** The suite's gateway before one backend, or several. */
export interface Setup {
  readonly gateway: InProcessGateway;
  readonly port: number;
  /** Host and port that the gateway reaches a backend by that was given as it is. */
  readonly authority: string;
  /** Waits until the exchange of the test has closed; gives its access line. */
  logged(): Promise<LogLine>;
}

/** One forwarder under test. A rule that is among its known gaps must fail: once it holds, the list and the docs are wrong. */
export class Contract {
  readonly #gaps: ReadonlyMap<string, string>;
  readonly #unseen: Set<string>;
  #usual: SharedGateway | undefined;

  constructor(readonly forwarder: string) {
    this.#gaps = gapsOf(forwarder);
    this.#unseen = new Set(this.#gaps.keys());
  }

  /** The gateway of all rules that ask for no settings of their own. */
  async start(): Promise<void> {
    this.#usual = await SharedGateway.start(this.forwarder);
  }

  /** One rule. After its test the gateway must still carry requests, and no exchange or attempt may be left open. */
  rule(name: string, test: (contract: RunningContract) => Promise<void>): void {
    this.#unseen.delete(name);
    const run = async (): Promise<void> => {
      const running = new RunningContract(this.forwarder, this.#usual!);
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

/** What a rule's test gets its gateways by. */
export class RunningContract {
  readonly #used = new Map<string, SharedGateway>();

  constructor(
    readonly forwarder: string,
    private readonly usual: SharedGateway,
  ) {}

  /**
   * A gateway before these backends. One that is given as it is, without TLS, comes behind a gateway that is there already when
   * the settings are those of another start; one that is named by its URL has a gateway of its own.
   */
  async start(backend: Adopter | string | readonly string[], settings: Settings = {}): Promise<Setup> {
    const shared =
      typeof backend === 'string' || Array.isArray(backend)
        ? await this.#own([backend].flat() as string[], settings)
        : await this.#shared(backend as Adopter, settings);
    const { gateway, authority } = shared;
    return { gateway, port: gateway.port, authority, logged: () => shared.logged() };
  }

  /** The rule's gateways are as good as new. */
  async check(): Promise<void> {
    for (const gateway of this.#used.values()) await gateway.check();
  }

  async #own(backends: readonly string[], settings: Settings): Promise<SharedGateway> {
    const own = await SharedGateway.start(this.forwarder, settings, backends);
    this.#used.set(backends.join(), own);
    return own;
  }

  async #shared(backend: Adopter, settings: Settings): Promise<SharedGateway> {
    const key = JSON.stringify(settings);
    const usual = Object.keys(settings).length === 0 ? this.usual : undefined;
    const shared = usual ?? this.#used.get(key) ?? (await SharedGateway.start(this.forwarder, settings));
    this.#used.set(key, shared);
    await shared.begin(backend);
    return shared;
  }
}

/** Runs groups of rules for a forwarder. */
export function describeContract(
  forwarder: string,
  groups: Readonly<Record<string, (contract: Contract) => void>>,
): void {
  describe(forwarder, () => {
    const contract = new Contract(forwarder);
    beforeAll(() => contract.start());
    for (const [name, rules] of Object.entries(groups)) describe(name, () => rules(contract));
    contract.close();
  });
}
