import type { INestApplicationContext, InjectionToken } from '@nestjs/common';
import { buildConfig } from '../config/loading/load-config.js';
import type { GatewayConfigInput } from '../config/typed/gateway-config-input.js';
import type { AppliedConfig } from '../process/live-config.js';
import { createGateway, type StandaloneGateway, type StandaloneOptions } from '../standalone.js';
import { endWithTests, hasEnded } from './ended-with-tests.js';
import { CollectedLog, type LogLine } from './collected-log.js';

/** What a {@link TestGateway} has beside its configuration. */
export interface TestGatewayOptions {
  /** Modules with your own strategies, policies and so on, and with what they need. */
  readonly imports?: NonNullable<StandaloneOptions['imports']>;
  /** Providers in the place of those of the gateway and of `imports`, by their tokens: `{ provide: CLOCK, useValue: () => now }`. */
  readonly overrides?: NonNullable<StandaloneOptions['overrides']>;
}

/** A gateway that runs in the process of the test, on free ports of the loopback; its log is kept instead of written. */
export class TestGateway implements AsyncDisposable {
  #stopped: Promise<void> | undefined;

  private constructor(
    /** The gateway itself. */
    readonly gateway: StandaloneGateway,
    private readonly collected: CollectedLog,
  ) {}

  /** See {@link createTestGateway}. @internal */
  static async start(config: GatewayConfigInput, options: TestGatewayOptions): Promise<TestGateway> {
    const log = new CollectedLog();
    const gateway = await createGateway(buildConfig(forTests(config)), { ...options, logSink: log });
    const made = new TestGateway(gateway, log);
    await gateway.start();
    endWithTests(made);
    return made;
  }

  /** The lines of its log so far, access lines among them, as parsed. */
  get log(): readonly LogLine[] {
    return this.collected.linesOf(this.app);
  }

  /** Waits for a line of its log, and gives the first that fits. Rejects with the whole log after `within` milliseconds (default: 5,000). */
  async logged(fits: (line: LogLine) => boolean, within = 5_000): Promise<LogLine> {
    return this.collected.wait(() => this.log.find(fits), within);
  }

  /** The application context around it. */
  get app(): INestApplicationContext {
    return this.gateway.app;
  }

  /** A provider of the gateway or of `imports`. Throws where there is none. */
  get<Provided = unknown>(token: InjectionToken<Provided>): Provided {
    return this.app.get<Provided>(token, { strict: false });
  }

  /** The address of a listener for clients, `http://127.0.0.1:` and its port. `listener`: its name; default: the first. Throws where there is none. */
  url(listener?: string): string {
    const { addresses } = this.gateway;
    const found = listener === undefined ? addresses[0] : addresses.find(({ name }) => name === listener);
    if (found === undefined) throw new Error(`no listener is named ${JSON.stringify(listener)}`);
    return found.url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
  }

  /** The address of its admin listener. */
  get adminUrl(): string {
    return this.gateway.adminUrl;
  }

  /** Sends a request to its first listener: `fetch` with a path in the place of a URL. Redirects are not followed unless `init` says so. */
  fetch(path = '/', init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path, this.url()), { redirect: 'manual', ...init });
  }

  /** Puts another configuration into force while it runs. The listeners stay where they are, if it names none. */
  apply(config: GatewayConfigInput): Promise<AppliedConfig> {
    return this.gateway.apply(buildConfig(forTests(config)));
  }

  /** Ends it. What is in flight may end within `grace` milliseconds (default: 0). May be called twice. */
  stop(grace = 0): Promise<void> {
    return (this.#stopped ??= this.#stop(grace));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(grace: number): Promise<void> {
    hasEnded(this);
    await this.gateway.stop(grace);
  }
}

/**
 * Starts a gateway for tests: with all that a gateway has, in this process. Its listeners and its admin side get free ports of the loopback, also where the configuration names others; its
 * log is kept in `log`; nothing is written.
 *
 * It ends by `stop`, with `await using`, or by itself with the tests of the file where the test runner has a global `afterAll` or `after` (Jest, Vitest with `globals`, Mocha);
 * with `node:test` say `after(stopAll)` once.
 *
 * Rejects as `createGateway` and `buildConfig` do.
 *
 * ```ts
 * await using backend = await FakeBackend.start({ status: 503 });
 * await using gateway = await createTestGateway({ upstreams: { app: { backends: [backend.url] } } });
 * const response = await gateway.fetch('/orders');
 * ```
 */
export function createTestGateway(config: GatewayConfigInput, options: TestGatewayOptions = {}): Promise<TestGateway> {
  return TestGateway.start(config, options);
}

/** The same configuration on free ports, in one thread. */
function forTests({ admin, listeners = [{}], ...others }: GatewayConfigInput): GatewayConfigInput {
  return {
    workers: 1,
    ...others,
    admin: { ...admin, host: '127.0.0.1', port: 0 },
    listeners: listeners.map(each => (each.unix === undefined ? { host: '127.0.0.1', ...each, port: 0 } : each)),
  };
}
