import { randomBytes } from 'node:crypto';
import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule, getConfigToken, registerAs, type ConfigFactory } from '@nestjs/config';
import type { GatewayConfig } from './file/gateway.config.js';

const namespace = 'gateway';

/** Injects the configuration: `@Inject(GATEWAY_CONFIG) config: GatewayConfig`. Also `ConfigService.get('gateway')`. */
export const GATEWAY_CONFIG: string = getConfigToken(namespace);

/**
 * Injects what tells this gateway from all others, in `Via`: a token. The threads of one gateway must have the same, so whoever starts
 * them gives it to each; without that it is random, new with each start.
 */
export const GATEWAY_INSTANCE: unique symbol = Symbol('gatehouse.instance');

/** The configuration as a factory for `ConfigModule`, registered under `gateway`. A new one with each call: gateways share nothing. */
export function gatewayConfig(config: GatewayConfig): ConfigFactory {
  return registerAs(namespace, () => config as GatewayConfig & Record<string, unknown>);
}

/** Nothing but the configuration of the gateway. */
const closed = { ignoreEnvFile: true, ignoreEnvVars: true, skipProcessEnv: true, cache: true, isGlobal: true } as const;

/** Makes the configuration of one gateway available in its whole application. Neither files nor the environment are read. */
@Module({})
export class GatewayConfigModule {
  /**
   * `embedded`: in an application that may have a ConfigModule of its own, whose sources stay as they are; default: false.
   * Throws, in one line, when `instance` cannot stand in a field.
   */
  static forRoot(config: GatewayConfig, instance = randomBytes(6).toString('hex'), embedded = false): DynamicModule {
    if (!/^[\w.~-]{1,64}$/.test(instance)) {
      throw new Error(`instance: found ${JSON.stringify(instance)}, expected 1 to 64 letters, digits and _ . ~ -`);
    }
    const factory = gatewayConfig(config);
    // `forRoot` says where the ConfigService of the whole application may look.
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
