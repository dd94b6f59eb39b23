import {
  Module,
  Scope,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { Logger, PinoLogger } from 'nestjs-pino';
import type { Logger as Pino } from 'pino';
import { bindPinoLogger } from '../platform/pino-logger.js';
import { RANDOM_SOURCE, type RandomSource } from '../random/random-source.js';
import { RandomModule } from '../random/random.module.js';
import { AccessLog, type AccessFormat, type AccessSettings } from './access-log.js';
import { AccessOutput } from './access-output.js';
import { LogDestination } from './destination.js';
import { LogLook } from './log-look.js';
import { createLogger, createNestLogger } from './logger.js';
import { stdoutSink, type Sink } from './sink.js';
import { Tail } from './tail/tail.js';

/** Settings of the access log, and where its lines go. */
interface AccessLogSettings extends AccessSettings {
  /** Default: `pretty` where the log is; else `json`. */
  readonly format?: AccessFormat | undefined;
  /** A file for its lines; empty: they go where the log goes. */
  readonly file: string;
}

/** Settings of the log. The keys are those of `logging` in the configuration. */
export interface LoggingSettings {
  /** fatal | error | warn | info | debug | trace | silent; default info. */
  readonly level: string;
  /** `json`: a JSON object for each line; `pretty`: for people. Default: `pretty` at a terminal, else `json`. */
  readonly format?: 'json' | 'pretty' | undefined;
  /** How JSON lines tell the time: milliseconds since 1970, or ISO 8601. */
  readonly time: 'epoch' | 'iso';
  readonly access: AccessLogSettings;
}

/** What the log is made of. */
interface LogParts {
  readonly settings: LoggingSettings;
  /** Takes the text; default: standard output. */
  readonly sink?: Sink | undefined;
  /** Each line goes to the sink at once. Default: lines are gathered. */
  readonly isPrompt?: boolean;
}

/** How it is made from providers of other modules. */
interface LogFactory extends Pick<ModuleMetadata, 'imports'> {
  readonly inject: NonNullable<FactoryProvider['inject']>;
  readonly useFactory: (...injected: never[]) => LogParts;
  readonly embedded?: boolean;
}

const LOG_PARTS = Symbol('LOG_PARTS');

/** Token of the pino logger behind the application's log. Its `level` may be changed at run time. */
export const PINO = Symbol('PINO');

/**
 * The gateway's log and the access log, through one buffered destination, or two where the access log has a file. Offers {@link AccessLog},
 * {@link AccessOutput}, {@link LogDestination}, {@link LogLook} and {@link PINO}, and, where
 * it is not embedded, nestjs-pino's `Logger` and `PinoLogger`. nestjs-pino's own module is not imported: it would
 * put a middleware and an AsyncLocalStorage around each request.
 */
@Module({})
export class LoggingModule implements OnApplicationShutdown {
  constructor(
    private readonly destination: LogDestination,
    private readonly output: AccessOutput,
  ) {}

  /**
   * `sink`: takes the text; default: standard output. `embedded`: in an application that may have nestjs-pino's tokens from a
   * module of its own; default: false.
   */
  static forRoot(settings: LoggingSettings, sink?: Sink, embedded = false): DynamicModule {
    return LoggingModule.forRootAsync({ inject: [], useFactory: () => ({ settings, sink }), embedded });
  }

  /** The same with settings that are made from providers of other modules. */
  static forRootAsync({ embedded = false, imports = [], inject, useFactory }: LogFactory): DynamicModule {
    const providers: Provider[] = [
      { provide: LOG_PARTS, inject, useFactory } as FactoryProvider,
      {
        provide: LogLook,
        useFactory: ({ settings, sink }: LogParts) => new LogLook(settings, sink === undefined),
        inject: [LOG_PARTS],
      },
      {
        provide: LogDestination,
        useFactory: ({ isPrompt, sink }: LogParts, { formatLine }: LogLook) =>
          new LogDestination(sink ?? stdoutSink(), { format: formatLine, ...(isPrompt === true && { chunk: 1 }) }),
        inject: [LOG_PARTS, LogLook],
      },
      {
        provide: PINO,
        useFactory: ({ settings }: LogParts, to: LogDestination, look: LogLook) =>
          createLogger(settings.level, to, look),
        inject: [LOG_PARTS, LogDestination, LogLook],
      },
      { provide: Logger, useFactory: createNestLogger, inject: [PINO] },
      { provide: PinoLogger, useFactory: bindPinoLogger, inject: [PINO], scope: Scope.TRANSIENT },
      {
        provide: AccessOutput,
        useFactory: ({ settings }: LogParts, to: LogDestination, pino: Pino) =>
          new AccessOutput(to, pino, settings.access.file),
        inject: [LOG_PARTS, LogDestination, PINO],
      },
      {
        provide: AccessLog,
        useFactory: ({ settings }: LogParts, pino: Pino, look: LogLook, to: AccessOutput, random: RandomSource) =>
          new AccessLog(settings.access, look.ofAccess(settings), pino, to, random),
        inject: [LOG_PARTS, PINO, LogLook, AccessOutput, RANDOM_SOURCE],
      },
      Tail,
    ];
    const ours = [AccessLog, AccessOutput, LogDestination, LogLook, PINO, Tail];
    const exports = embedded ? ours : [...ours, Logger, PinoLogger];
    return { module: LoggingModule, global: true, imports: [RandomModule, ...imports], providers, exports };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.output.close();
    await this.destination.close();
  }
}
