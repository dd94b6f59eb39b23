import { ConsoleLogger, Logger, type LoggerService } from '@nestjs/common';

/**
 * The logger that `app.useLogger()` or the option `logger` has set, and the option `json` of Nest's own (12.x): whether a logger writes texts for people or objects is not to be
 * asked in public. An object in a log for people is a dozen lines.
 */
export function isForPeople(logger: LoggerService | typeof Logger): boolean {
  const { staticInstanceRef } = logger as unknown as { readonly staticInstanceRef?: LoggerService };
  const { options } = (staticInstanceRef ?? logger) as { readonly options?: { readonly json?: boolean } };
  return (staticInstanceRef ?? logger) instanceof ConsoleLogger && options?.json !== true;
}
