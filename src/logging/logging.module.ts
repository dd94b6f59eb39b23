import { Module, Scope, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Logger, PinoLogger } from 'nestjs-pino';
import type { Logger as Pino } from 'pino';
import { bindPinoLogger } from '../platform/pino-logger.js';
import { RANDOM_SOURCE, type RandomSource } from '../random/random-source.js';
import { RandomModule } from '../random/random.module.js';
import { AccessLog, type AccessSettings } from './access-log.js';
import { LogDestination } from './destination.js';
import { createLogger, createNestLogger } from './logger.js';
import { prettyFormat } from './pretty.js';
import { stdoutSink, type Sink } from './sink.js';
import { Tail } from './tail/tail.js';

/** Settings of the log. The keys are those of `logging` in the configuration. */
export interface LoggingSettings {
  /** fatal | error | warn | info | debug | trace | silent; default info. */
  readonly level: string;
  /** `json`: a JSON object for each line; `pretty`: for people. */
  readonly format: 'json' | 'pretty';
  readonly access: AccessSettings;
}

/** Token of the pino logger behind the application's log. Its `level` may be changed at run time. */
export const PINO = Symbol('PINO');

/**
 * The gateway's log and the access log, through one buffered destination. Offers {@link AccessLog}, {@link LogDestination} and {@link PINO}, and, where
 * it is not embedded, nestjs-pino's `Logger` and `PinoLogger`. nestjs-pino's own module is not imported: it would
 * put a middleware and an AsyncLocalStorage around each request.
 */
@Module({})
export class LoggingModule implements OnApplicationShutdown {
  constructor(private readonly destination: LogDestination) {}

  /**
   * `sink`: takes the text; default: standard output. `embedded`: in an application that may have nestjs-pino's tokens from a
   * module of its own; default: false.
   */
  static forRoot(settings: LoggingSettings, sink: Sink = stdoutSink(), embedded = false): DynamicModule {
    const providers = [
      {
        provide: LogDestination,
        useFactory: () => new LogDestination(sink, settings.format === 'pretty' ? { format: prettyFormat() } : {}),
      },
      { provide: PINO, useFactory: (to: LogDestination) => createLogger(settings.level, to), inject: [LogDestination] },
      { provide: Logger, useFactory: createNestLogger, inject: [PINO] },
      { provide: PinoLogger, useFactory: bindPinoLogger, inject: [PINO], scope: Scope.TRANSIENT },
      {
        provide: AccessLog,
        useFactory: (pino: Pino, to: LogDestination, random: RandomSource) =>
          new AccessLog(settings.access, pino, to, random),
        inject: [PINO, LogDestination, RANDOM_SOURCE],
      },
      Tail,
    ];
    const ours = [AccessLog, LogDestination, PINO, Tail];
    const exports = embedded ? ours : [...ours, Logger, PinoLogger];
    return { module: LoggingModule, global: true, imports: [RandomModule], providers, exports };
  }

  onApplicationShutdown(): Promise<void> {
    return this.destination.close();
  }
}
