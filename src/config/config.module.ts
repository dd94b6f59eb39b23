import { randomBytes } from 'node:crypto';
import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common';
import { ConfigModule, getConfigToken, registerAs } from '@nestjs/config';
import type { GatewayConfig } from './file/gateway.config.js';

const namespace = 'gateway';

/** Injects the configuration: `@Inject(GATEWAY_CONFIG) config: GatewayConfig`. Also `ConfigService.get('gateway')`. */
export const GATEWAY_CONFIG: string = getConfigToken(namespace);

/**
 * Injects the name of this gateway in `Via`, a token. All threads of one gateway must have the same name, which the code that
 * starts them passes to each; by default it is random, new with each start.
 */
export const GATEWAY_INSTANCE: unique symbol = Symbol('gatehouse.instance');

type Namespaced = GatewayConfig & Record<string, unknown>;

/** The ConfigService has only the configuration of the gateway. */
const closed = { ignoreEnvFile: true, ignoreEnvVars: true, skipProcessEnv: true, cache: true, isGlobal: true } as const;

/** The configuration of one gateway, and its name in `Via`. */
interface GivenConfig {
  readonly config: GatewayConfig;
  /** Default: random. */
  readonly instance?: string | undefined;
}

/** How they are made from providers of other modules. */
interface ConfigFactoryOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject: NonNullable<FactoryProvider['inject']>;
  readonly useFactory: (...injected: never[]) => GivenConfig | Promise<GivenConfig>;
}

const GIVEN = Symbol('GIVEN');

/** Makes the configuration of one gateway available in its whole application. Neither files nor the environment are read. */
@Module({})
export class GatewayConfigModule {
  /**
   * `embedded`: in an application that may have a ConfigModule of its own, whose sources stay as they are; default: false.
   * Throws, in one line, when `instance` is not valid in a header field.
   */
  static forRoot(config: GatewayConfig | (() => GatewayConfig), instance?: string, embedded = false): DynamicModule {
    const factory = registerAs(namespace, () => (typeof config === 'function' ? config() : config) as Namespaced);
    // `forRoot` would set the sources of the application's ConfigService.
    const registered = embedded
      ? ConfigModule.forFeature(factory)
      : ConfigModule.forRoot({ load: [factory], ...closed });
    return {
      module: GatewayConfigModule,
      imports: [registered],
      providers: [{ provide: GATEWAY_INSTANCE, useValue: checkedInstance(instance) }],
      exports: [ConfigModule, GATEWAY_INSTANCE],
      global: true,
    };
  }

  /** The same with a configuration that is known only when the application is made. It is not in the application's ConfigService, which it may come from. */
  static forRootAsync({ imports = [], inject, useFactory }: ConfigFactoryOptions): DynamicModule {
    return {
      module: GatewayConfigModule,
      imports,
      providers: [
        { provide: GIVEN, inject, useFactory } as FactoryProvider,
        { provide: GATEWAY_CONFIG, inject: [GIVEN], useFactory: ({ config }: GivenConfig) => config },
        {
          provide: GATEWAY_INSTANCE,
          inject: [GIVEN],
          useFactory: ({ instance }: GivenConfig) => checkedInstance(instance),
        },
      ],
      exports: [GATEWAY_CONFIG, GATEWAY_INSTANCE],
      global: true,
    };
  }
}

function checkedInstance(instance = randomBytes(6).toString('hex')): string {
  if (/^[\w.~-]{1,64}$/.test(instance)) return instance;
  throw new Error(`instance: found ${JSON.stringify(instance)}, expected 1 to 64 letters, digits and _ . ~ -`);
}
