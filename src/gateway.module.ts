import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import type { Server } from 'node:http';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { CircuitBreakerModule } from './circuit-breaker/circuit-breaker.module.js';
import { Gateway } from './gateway.js';
import {
  configOf,
  configurable,
  READY_OPTIONS,
  type GatewayModuleExtras,
  type GatewayModuleOptions,
  type ReadyOptions,
} from './nest/gateway-options.js';
import { GatewayOptionsModule, gatewayParts } from './nest/gateway-parts.js';
import { GatewayEvents } from './nest/events/gateway-events.js';
import { getGatewayEventsToken, listen } from './nest/events/on-gateway-event.js';
import { GatewayService } from './nest/forwarding/gateway-service.js';
import { getGatewayServiceToken } from './nest/forwarding/inject-gateway-service.js';
import { Readiness } from './health/readiness.js';
import { getGatewayToken } from './nest/inject-gateway.js';
import { StartError } from './listeners/start-error.js';
import { MountPath } from './nest/mount/mount-path.js';
import { MountedGateway } from './nest/mount/mounted-gateway.js';
import { Entrance } from './proxy/entrance.js';
import { Exchanges } from './proxy/exchanges.js';
import { HostedExchanges } from './proxy/hosted-exchanges.js';
import { Upgrades } from './proxy/upgrades.js';
import { ProxyModule } from './proxy/proxy.module.js';
import { overridden } from './nest/overridden-modules.js';
import { UpstreamHealthIndicator } from './nest/upstream-health-indicator.js';
import { scopedModules } from './nest/scoped-modules.js';

/** Tokens of the gateway that a {@link GatewayModule} is, of its name, of where it is mounted, and of its events. */
const [OWN_GATEWAY, GATEWAY_NAME, MOUNTED, EVENTS] = [
  ...['OWN_GATEWAY', 'GATEWAY_NAME', 'MOUNTED', 'EVENTS'].map(Symbol),
] as [symbol, symbol, symbol, symbol];

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = configurable
  .setExtras<GatewayModuleExtras>({ name: '', isGlobal: false, imports: [], overrides: [], mount: undefined }, define)
  .build();

/**
 * The gateway, for an application of your own on any platform: its modules are part of your container, so that your strategies,
 * policies and overrides reach it, and its providers ({@link Gateway}, breakers by `@InjectCircuitBreaker`) reach you. It
 * listens on the addresses of its configuration when your application starts (`app.init()` or `app.listen()`), and ends
 * gracefully with it (`app.close()`, or a signal with `enableShutdownHooks()`): readiness first
 * (`onModuleDestroy`), then the drain (`beforeApplicationShutdown`). Nest calls every `onModuleDestroy` before the drain, so what your strategies
 * and guards need is to be closed in `onApplicationShutdown`. Your application's own port and routes are untouched.
 *
 * The creation of your application rejects, with a message of one line, when the configuration names a strategy, policy, probe or forwarder that does not exist; and with a
 * ConfigError for what is wrong in the configuration.
 */
@Module({})
export class GatewayModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown
{
  /** Made by Nest. @internal */
  constructor(
    @Inject(OWN_GATEWAY) private readonly gateway: Gateway,
    private readonly readiness: Readiness,
    private readonly modules: ModulesContainer,
    @Inject(GATEWAY_NAME) private readonly name: string,
    @Inject(MOUNTED) private readonly mounted: MountedGateway | undefined,
    @Inject(EVENTS) private readonly events: GatewayEvents,
    private readonly platform: HttpAdapterHost,
  ) {
    super();
  }

  onModuleInit(): void {
    const names = [...this.modules.values()]
      .filter(({ metatype }) => metatype === GatewayModule)
      .map(module => module.getProviderByKey<string>(GATEWAY_NAME).instance);
    if (names.filter(each => each === this.name).length === 1) return this.#attach();
    const which = this.name === '' ? 'without a name' : `with the name "${this.name}"`;
    throw new StartError(
      `this application has ${names.length} gateways, two of them ${which}: give each GatewayModule.forRoot a \`name\` of its own`,
    );
  }

  async onApplicationBootstrap(): Promise<void> {
    this.mounted?.takeUpgrades(this.platform.httpAdapter.getHttpServer() as Server, this.modules);
    await this.gateway.start();
  }

  onModuleDestroy(): void {
    this.readiness.drain();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.gateway.stop();
  }

  /** Own routes stand by now, and the answers to what has none do not. */
  #attach(): void {
    listen(this.events, this.name, this.modules);
    if (this.mounted === undefined) return;
    const adapter = this.platform.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    if (adapter === undefined) throw new StartError('mount: this application has no HTTP server');
    this.mounted.takeRequests(adapter);
  }
}

/** Puts the module together. With `forRoot`, `given` has the options as well. */
function define(definition: DynamicModule, given: GatewayModuleExtras & Partial<GatewayModuleOptions>): DynamicModule {
  const { imports = [], isGlobal = false, name = '', overrides = [] } = given;
  if (!/^[\w-]{0,64}$/.test(name))
    throw new StartError(`name: found ${JSON.stringify(name)}, expected 1 to 64 letters, digits and _ -`);
  const path = given.mount === undefined ? undefined : new MountPath(given.mount);
  const known = given.config === undefined ? undefined : once(() => configOf(given as GatewayModuleOptions));
  const options: DynamicModule = {
    module: GatewayOptionsModule,
    global: name === '',
    imports: [...(definition.imports ?? []), ...imports],
    providers: [
      ...(definition.providers ?? []),
      {
        provide: READY_OPTIONS,
        inject: [MODULE_OPTIONS_TOKEN],
        useFactory: (asked: GatewayModuleOptions): ReadyOptions => ({
          logger: Logger,
          ...asked,
          config: known?.() ?? configOf(asked),
        }),
      },
    ],
    exports: [READY_OPTIONS],
  };
  const parts = gatewayParts({
    options,
    embedded: true,
    name,
    config: known,
    instance: given.instance,
  });
  const replaced = overridden(parts, overrides, [options]);
  const modules = name === '' ? replaced : scopedModules(replaced, name, options);
  const breakers = modules[parts.findIndex(part => 'module' in part && part.module === CircuitBreakerModule)]!;
  const proxy = modules[parts.indexOf(ProxyModule)] as Type;
  return {
    module: definition.module,
    global: isGlobal,
    imports: modules,
    providers: [
      { provide: GATEWAY_NAME, useValue: name },
      // `app.get(Gateway)` finds the one without a name.
      { provide: getGatewayToken(name), useClass: Gateway },
      { provide: getGatewayServiceToken(name), useClass: GatewayService },
      {
        provide: MOUNTED,
        inject: [Entrance, Exchanges, HostedExchanges, Upgrades],
        useFactory: (entrance: Entrance, exchanges: Exchanges, hosted: HostedExchanges, upgrades: Upgrades) =>
          path && new MountedGateway(path, { entrance, exchanges, hosted, upgrades }),
      },
      { provide: getGatewayEventsToken(name), useClass: GatewayEvents },
      { provide: EVENTS, useExisting: getGatewayEventsToken(name) },
      ...(name === '' ? [UpstreamHealthIndicator] : []),
      { provide: OWN_GATEWAY, useExisting: getGatewayToken(name) },
    ],
    exports:
      name === ''
        ? [Gateway, GatewayEvents, GatewayService, UpstreamHealthIndicator, proxy]
        : [getGatewayToken(name), getGatewayEventsToken(name), getGatewayServiceToken(name), breakers as DynamicModule],
  };
}

/** The same result, or error, with each call. */
function once<Result>(make: () => Result): () => Result {
  let made: { readonly result: Result } | { readonly error: unknown } | undefined;
  return () => {
    if (made === undefined) {
      try {
        made = { result: make() };
      } catch (error) {
        made = { error };
      }
    }
    if ('error' in made) throw made.error;
    return made.result;
  };
}
