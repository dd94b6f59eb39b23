import { Logger as NestLogger, PinoLogger } from 'nestjs-pino';
import { pino, type Logger } from 'pino';
import type { LogDestination } from './destination.js';
import { escapeUnprintable } from './json-text.js';

/** Makes the application's pino logger. `level` is one of pino's, or `silent`; process id and host name are left to whoever collects the log. */
export function createLogger(level: string, destination: LogDestination): Logger {
  return pino({ level, base: null, hooks: { streamWrite: escapeUnprintable } }, destination);
}

/**
 * nestjs-pino's `PinoLogger` over one pino logger. Its constructor is passed by: that keeps the first logger of the process
 * for all who come later, and would send the lines of a second gateway, or of the application around us, to the wrong place.
 */
export function bindPinoLogger(logger: Logger): PinoLogger {
  return Object.create(PinoLogger.prototype, {
    logger: { value: logger },
    context: { value: '', writable: true },
    contextName: { value: 'context' },
    errorKey: { value: 'err' },
  }) as PinoLogger;
}

/** Where Nest reports each module and route that it sets up: of use for debugging only. */
const framework = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

class QuietNestLogger extends NestLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (framework.has(String(rest.at(-1)))) super.debug(message, ...rest);
    else super.log(message, ...rest);
  }
}

/** A logger that Nest can use (`app.useLogger`), over one pino logger; Nest's own chatter goes to level `debug`. */
export function createNestLogger(logger: Logger): NestLogger {
  return new QuietNestLogger(bindPinoLogger(logger), {});
}
