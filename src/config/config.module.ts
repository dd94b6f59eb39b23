import { randomBytes } from 'node:crypto';
import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule, getConfigToken, registerAs, type ConfigFactory } from '@nestjs/config';
import type { GatewayConfig } from './file/gateway.config.js';

const namespace = 'gateway';

/** Injects the configuration: `@Inject(GATEWAY_CONFIG) config: GatewayConfig`. Also `ConfigService.get('gateway')`. */
export const GATEWAY_CONFIG: string = getConfigToken(namespace);

/**
 * Injects the name of this gateway in `Via`, a token. All threads of one gateway must have the same name, which the code that
 * starts them passes to each; by default it is random, new with each start.
 */
export const GATEWAY_INSTANCE: unique symbol = Symbol('gatehouse.instance');

/** The configuration as a factory for `ConfigModule`, registered under `gateway`. A new one with each call: gateways share nothing. */
function gatewayConfig(config: GatewayConfig): ConfigFactory {
  return registerAs(namespace, () => config as GatewayConfig & Record<string, unknown>);
}

/** The ConfigService has only the configuration of the gateway. */
const closed = { ignoreEnvFile: true, ignoreEnvVars: true, skipProcessEnv: true, cache: true, isGlobal: true } as const;

/** Makes the configuration of one gateway available in its whole application. Neither files nor the environment are read. */
@Module({})
export class GatewayConfigModule {
  /**
   * `embedded`: in an application that may have a ConfigModule of its own, whose sources stay as they are; default: false.
   * Throws, in one line, when `instance` is not valid in a header field.
   */
  static forRoot(config: GatewayConfig, instance = randomBytes(6).toString('hex'), embedded = false): DynamicModule {
    if (!/^[\w.~-]{1,64}$/.test(instance)) {
      throw new Error(`instance: found ${JSON.stringify(instance)}, expected 1 to 64 letters, digits and _ . ~ -`);
    }
    const factory = gatewayConfig(config);
    // `forRoot` would set the sources of the application's ConfigService.
    const registered = embedded
      ? ConfigModule.forFeature(factory)
      : ConfigModule.forRoot({ load: [factory], ...closed });
    return {
      module: GatewayConfigModule,
      imports: [registered],
      providers: [{ provide: GATEWAY_INSTANCE, useValue: instance }],
      exports: [ConfigModule, GATEWAY_INSTANCE],
      global: true,
    };
  }
}
