import { type ConfigFactoryKeyHost, type ConfigObject, registerAs } from '@nestjs/config';
import type { GatewayConfig } from './file/gateway.config.js';
import { loadConfig } from './loading/load-config.js';

/** Where the configuration of a gateway is, for a `ConfigModule`. */
export interface ConfigNamespaceOptions {
  /** The variables for `${NAME}`. Default: those of the process, to which `ConfigModule` has added its `.env` files. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The name under which the `ConfigService` has it. Default: `gateway`. */
  readonly namespace?: string;
}

/** A factory for `load` of a `ConfigModule`; `KEY` injects what it makes, and `ConfigType<typeof it>` is its type. */
export type GatewayConfigFactory = (() => GatewayConfig) & ConfigFactoryKeyHost<GatewayConfig>;

const namespaces = new Set(['gateway']);

/** The names under which a `ConfigService` may have the configuration of a gateway. */
export const gatewayNamespaces: ReadonlySet<string> = namespaces;

/**
 * Registers a configuration file as a namespace of an application's `ConfigModule`, typed. `file`: its path, or what gives it, called when the application is made. The creation
 * of the application rejects with a ConfigError that lists every problem with its file, line and suggestion.
 *
 * @example
 * ```ts
 * export const gatewayConfig = gatewayConfigFrom('gateway.yaml');
 *
 * @Module({
 *   imports: [
 *     ConfigModule.forRoot({ load: [gatewayConfig] }),
 *     GatewayModule.forRootAsync({
 *       inject: [gatewayConfig.KEY],
 *       useFactory: (config: ConfigType<typeof gatewayConfig>) => ({ config }),
 *     }),
 *   ],
 * })
 * class AppModule {}
 * ```
 */
export function gatewayConfigFrom(
  file: string | (() => string),
  { env, namespace = 'gateway' }: ConfigNamespaceOptions = {},
): GatewayConfigFactory {
  namespaces.add(namespace);
  const load = (): GatewayConfig => loadConfig(typeof file === 'function' ? file() : file, env ?? process.env).config;
  return registerAs<ConfigObject, () => GatewayConfig>(namespace, load);
}
