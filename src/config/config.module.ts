import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule, getConfigToken, registerAs, type ConfigFactory } from '@nestjs/config';
import type { GatewayConfig } from './gateway.config.js';

const namespace = 'gateway';

/** Injects the configuration: `@Inject(GATEWAY_CONFIG) config: GatewayConfig`. Also `ConfigService.get('gateway')`. */
export const GATEWAY_CONFIG: string = getConfigToken(namespace);

/** The configuration as a factory for `ConfigModule`, registered under `gateway`. A new one with each call: gateways share nothing. */
export function gatewayConfig(config: GatewayConfig): ConfigFactory {
  return registerAs(namespace, () => config as GatewayConfig & Record<string, unknown>);
}

/** Makes the configuration of one gateway available in its whole application. Neither files nor the environment are read. */
@Module({})
export class GatewayConfigModule {
  static forRoot(config: GatewayConfig): DynamicModule {
    const registered = ConfigModule.forRoot({
      load: [gatewayConfig(config)],
      ignoreEnvFile: true,
      ignoreEnvVars: true,
      skipProcessEnv: true,
      cache: true,
      isGlobal: true,
    });
    return { module: GatewayConfigModule, imports: [registered], exports: [ConfigModule], global: true };
  }
}
