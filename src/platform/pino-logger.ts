import { PinoLogger } from 'nestjs-pino';
import type { Logger } from 'pino';

/**
 * nestjs-pino's `PinoLogger` over one pino logger.
 *
 * Reaches into nestjs-pino 5: makes the object without its constructor and sets its fields. The constructor keeps the first logger of the process
 * for all who come later (also where a class inherits from it), and would send the lines of a second gateway, or of the application
 * around the gateway, to the wrong place; and its `Logger` and what users inject are typed as this class.
 */
export function bindPinoLogger(logger: Logger): PinoLogger {
  return Object.create(PinoLogger.prototype, {
    logger: { value: logger },
    context: { value: '', writable: true },
    contextName: { value: 'context' },
    errorKey: { value: 'err' },
  }) as PinoLogger;
}
