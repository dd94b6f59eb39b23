import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  type INestApplicationContext,
  Logger,
  Module,
} from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, NestFactory } from '@nestjs/core';
import { Logger as PinoNestLogger } from 'nestjs-pino';
import type { GatewayConfig } from './config/file/gateway.config.js';
import { Gateway } from './gateway.js';
import { READY_OPTIONS, type GatewayModuleExtras, type GatewayOptions } from './nest/gateway-options.js';
import { GatewayOptionsModule, gatewayParts } from './nest/gateway-parts.js';
import { overridden } from './nest/overridden-modules.js';
import type { Listener } from './listeners/listener.js';
import type { AppliedConfig } from './process/live-config.js';
import type { RequestPolicy } from './security/policy.js';

/** Options of {@link createGateway}. */
export type StandaloneOptions = GatewayOptions & Pick<GatewayModuleExtras, 'imports' | 'overrides'>;

const MADE = Symbol('gatehouse.made');

/** The application that consists of a gateway alone. It does not listen on its own: the caller of `createGateway` calls `start`. */
@Module({})
class StandaloneModule implements BeforeApplicationShutdown {
  constructor(private readonly gateway: Gateway) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.gateway.stop();
  }
}

/** A gateway with the application around it. */
export class StandaloneGateway {
  readonly #gateway: Gateway;
  #stopped: Promise<number> | undefined;

  /** Made by `createGateway`. @internal */
  constructor(
    /** The application around the gateway: `app.get(…)` gives its providers. */
    readonly app: INestApplicationContext,
  ) {
    this.#gateway = app.get(Gateway);
  }

  get listeners(): readonly Listener[] {
    return this.#gateway.listeners;
  }

  /** See {@link Gateway.addresses}. */
  get addresses(): Gateway['addresses'] {
    return this.#gateway.addresses;
  }

  /** The address for operators: `http://127.0.0.1:9901`. Throws before `start`. */
  get adminUrl(): string {
    return this.#gateway.adminUrl;
  }

  /** The configuration in force. */
  get config(): GatewayConfig {
    return this.#gateway.config;
  }

  /** See {@link Gateway.apply}. */
  apply(config: GatewayConfig): Promise<AppliedConfig> {
    return this.#gateway.apply(config);
  }

  /** See {@link Gateway.policies}. */
  policies(security: object): Promise<readonly RequestPolicy[]> {
    return this.#gateway.policies(security);
  }

  /**
   * Opens the admin listener and the listeners. Rejects with a StartError when an address cannot be used; nothing is left open
   * then.
   */
  async start(): Promise<void> {
    try {
      await this.#gateway.start();
    } catch (error) {
      await this.stop(0);
      throw error;
    }
  }

  /**
   * Ends gracefully within `grace` milliseconds (default: `shutdown.grace`): readiness says 503, no new connections, what is
   * in flight may finish. Resolves with the number of exchanges that had to be cut.
   */
  stop(grace?: number, delay?: number): Promise<number> {
    return (this.#stopped ??= this.#stop(grace, delay));
  }

  async #stop(grace?: number, delay?: number): Promise<number> {
    const cut = await this.#gateway.stop(grace, delay);
    await this.app.close();
    return cut;
  }
}

/**
 * Builds an application that consists of a gateway alone: the same for `npm start`, for tests and for your own programs.
 * Nothing listens before `start`. Rejects, with a message of one line, when the configuration names a strategy, policy, probe
 * or forwarder that does not exist.
 */
export async function createGateway(
  config: GatewayConfig,
  options: StandaloneOptions = {},
): Promise<StandaloneGateway> {
  const { embedded = false, imports = [], overrides = [], ...others } = options;
  const made: { discovery?: DiscoveryService } = {};
  const ready: DynamicModule = {
    module: GatewayOptionsModule,
    global: true,
    providers: [{ provide: READY_OPTIONS, useValue: { ...others, config } }],
    exports: [READY_OPTIONS],
  };
  const parts = gatewayParts({ options: ready, embedded, config: () => config, instance: others.instance });
  const module: DynamicModule = {
    module: StandaloneModule,
    imports: [DiscoveryModule, ...overridden([...parts, ...imports], overrides)],
    providers: [
      Gateway,
      {
        provide: MADE,
        inject: [DiscoveryService],
        useFactory: (discovery: DiscoveryService) => (made.discovery = discovery),
      },
    ],
  };
  try {
    const app = await NestFactory.createApplicationContext(module, {
      abortOnError: false,
      ...(!embedded && { logger: false, bufferLogs: true }),
    });
    if (!embedded) app.useLogger(app.get(PinoNestLogger));
    return new StandaloneGateway(app);
  } catch (error) {
    if (!embedded) Logger.detachBuffer();
    await end(made.discovery);
    throw error;
  }
}

/** Ends what has begun (timers, watches, connections to stores) when Nest has failed half-way: it then returns no application to close. */
async function end(discovery: DiscoveryService | undefined): Promise<void> {
  const hooks = ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'] as const;
  const instances = new Set(discovery?.getProviders().map(({ instance }) => instance as unknown));
  for (const hook of hooks) {
    for (const instance of instances) {
      const hooked = instance as Partial<Record<typeof hook, () => unknown>> | null | undefined;
      await Promise.resolve(hooked)
        .then(each => each?.[hook]?.())
        .catch(() => {});
    }
  }
}
