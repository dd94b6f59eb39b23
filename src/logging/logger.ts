import { Logger as NestLogger } from 'nestjs-pino';
import { pino, type Logger } from 'pino';
import { bindPinoLogger } from '../platform/pino-logger.js';
import type { LogDestination } from './destination.js';
import { escapeUnprintable } from './json-text.js';

/**
 * Makes the application's pino logger. `look`: asked for each line, how it tells the time. `level` is one of pino's, or `silent`; lines have no process id or host name, which the
 * collector of the log can add.
 */
export function createLogger(
  level: string,
  destination: LogDestination,
  look: { readonly isoTime: boolean } = { isoTime: false },
): Logger {
  const timestamp = (): string => (look.isoTime ? `,"time":"${new Date().toISOString()}"` : `,"time":${Date.now()}`);
  return pino({ level, base: null, timestamp, hooks: { streamWrite: escapeUnprintable } }, destination);
}

/** The contexts of Nest's lines about each module and route that it sets up, which are useful for debugging only. */
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
