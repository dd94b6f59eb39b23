import { ConfigurableModuleBuilder, type LoggerService, type ModuleMetadata } from '@nestjs/common';
import type { Environment } from '../config/loading/environment.js';
import { GatewayConfig } from '../config/file/gateway.config.js';
import type { GatewayConfigInput } from '../config/typed/gateway-config-input.js';
import { buildConfig, loadConfig } from '../config/loading/load-config.js';
import type { GatewayMount } from './mount/mount-path.js';
import type { Sink } from '../logging/sink.js';
import type { Override } from './overridden-modules.js';

/** A configuration file. */
export interface ConfigFile {
  /** Its path; a relative one is relative to the working directory. */
  readonly file: string;
  /** The variables for `${NAME}` in it. Default: those of the process. */
  readonly env?: Environment;
}

/** What a gateway is made of. */
export interface GatewayOptions {
  /** The destination of the gateway's own lines, access lines among them; default: see {@link logger}. */
  readonly logSink?: Sink;
  /**
   * Takes the gateway's own lines, access lines among them, as Nest's lines: a logger, or `own` for lines of the gateway's own on standard output, as `logging` of the
   * configuration says. Default: in an application of your own its logger, else `own`. Your logger stays the application's in any case. With `access.file` the access lines
   * are in that file.
   */
  readonly logger?: LoggerService | 'own';
  /**
   * True inside an application of your own: Nest has one logger for the whole process, and it stays yours. Default: true for `GatewayModule`, false for `createGateway`.
   */
  readonly embedded?: boolean;
  /**
   * The name of this gateway in `Via`, by which it recognises a request that comes back to it (508 `LOOP`). Give all processes
   * of one gateway the same name: 1 to 64 letters, digits and `_ . ~ -`. Default: random, new with each start; a request that
   * goes in circles through several processes is then recognised when it reaches one of them for the second time.
   */
  readonly instance?: string;
  /** False: the gateway opens no listeners for clients of its own. Default: those of the configuration. */
  readonly listeners?: boolean;
  /** The admin listener. */
  readonly admin?: {
    /** False: the gateway opens no admin listener of its own. Default: true. */
    readonly listener?: boolean;
  };
  /** The number of the worker thread that this gateway is, of a larger one that shares its metrics. For the program itself. @internal */
  readonly worker?: number;
}

/** The options of a gateway in an application of your own. */
export interface GatewayModuleOptions extends Omit<GatewayOptions, 'embedded' | 'worker'> {
  /**
   * The configuration: a plain object in the shape of the file, a file, or what `buildConfig`, `parseConfig` or `loadConfig` made. The creation of the application rejects with a
   * ConfigError that lists every problem.
   */
  readonly config: GatewayConfig | ConfigFile | GatewayConfigInput;
}

/** What must be known of a gateway before its options are. */
export interface GatewayModuleExtras {
  /** The name of the gateway, where an application has several: 1 to 64 letters, digits and `_ -`. Default: it has none. */
  readonly name?: string;
  /**
   * Has the gateway take requests on the application's own port as well, below a path, where no route of the application does, and upgrades to WebSocket, where none of its gateways for WebSockets
   * does. Default: it stands on its own listeners alone.
   */
  readonly mount?: GatewayMount | undefined;
  /** True: what the module exports can be injected in every module of the application. Default: false. */
  readonly isGlobal?: boolean;
  /** Modules with your own strategies, policies, probes and forwarders, or with what the options are made of. Providers anywhere else in the application are found as well. */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  /**
   * Providers that take the place of the gateway's own, each under the token of one: `{ provide: LimitStore, useClass: EtcdLimitStore }`. What they inject is looked up where
   * the gateway's own stands. The creation of the application rejects for a token under which the gateway has none. Default: none.
   */
  readonly overrides?: readonly Override[];
}

/** The options of a gateway, with the configuration that they ask for. */
export interface ReadyOptions extends Omit<GatewayOptions, 'embedded'> {
  readonly config: GatewayConfig;
}

/** Token of the {@link ReadyOptions}. */
export const READY_OPTIONS = Symbol('READY_OPTIONS');

/** Makes {@link GatewayModuleOptions}: for `forRootAsync({ useClass })` and `useExisting`. */
export interface GatewayOptionsFactory {
  createGatewayOptions(): GatewayModuleOptions | Promise<GatewayModuleOptions>;
}

/** The configuration that options ask for. @throws ConfigError with every problem. */
export function configOf({ config }: GatewayModuleOptions): GatewayConfig {
  if (config instanceof GatewayConfig) return config;
  if (isFile(config)) return loadConfig(config.file, config.env ?? process.env).config;
  return buildConfig(config);
}

function isFile(config: ConfigFile | GatewayConfigInput): config is ConfigFile {
  return 'file' in config && typeof config.file === 'string';
}

/** `forRoot` and `forRootAsync` of a module, as Nest's own modules have them. */
export const configurable = new ConfigurableModuleBuilder<GatewayModuleOptions>({
  optionsInjectionToken: 'GATEWAY_OPTIONS',
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createGatewayOptions');
