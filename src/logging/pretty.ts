import { createRequire } from 'node:module';
import { escapeControls, escapeUnprintable } from './json-text.js';

/**
 * Makes the formatter of `format: pretty`: one readable line for each JSON line, the stack of `err` below it. No control
 * character of a logged value reaches the terminal. `colorize` defaults to what the terminal can do.
 */
export function prettyFormat(colorize?: boolean): (line: string) => string {
  // Loaded only where it is needed.
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty');
  const format = prettyFactory({
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname',
    // Without `error`, which pino includes by default: in access lines it is a code.
    errorLikeObjectKeys: ['err'],
    messageFormat: (log, messageKey) => escapeControls(String(log[messageKey] ?? '')),
    ...(colorize === undefined ? {} : { colorize }),
  });
  return line => escapeUnprintable(format(line));
}
