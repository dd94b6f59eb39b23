import type { LoggerService } from '@nestjs/common';
import { isForPeople } from '../platform/nest-logger.js';
import type { Sink } from './sink.js';

type Line = Readonly<Record<string, unknown>>;

/** Nest's method for each level of pino. */
const methods = [
  [60, 'fatal'],
  [50, 'error'],
  [40, 'warn'],
  [30, 'log'],
  [20, 'debug'],
  [10, 'verbose'],
] as const;

/** The context of the gateway's lines. */
const context = 'Gateway';

/**
 * A sink that hands each JSON line to a logger of Nest. The logger gets an object with the fields of the line and `msg`, as nestjs-pino and `ConsoleLogger({ json: true })` take
 * it, and a text from which a person can read the same where it is Nest's logger for people.
 */
export function hostSink(logger: LoggerService): Sink {
  const hand = (text: string): void => {
    for (const line of text.split('\n')) if (line !== '') tell(logger, JSON.parse(line) as Line);
  };
  return {
    write: (chunk, done) => {
      hand(chunk.toString());
      done();
    },
    writeNow: chunk => hand(chunk.toString()),
  };
}

function tell(logger: LoggerService, line: Line): void {
  const { level, time: _, ...fields } = line;
  const [, method] = methods.find(([least]) => Number(level) >= least) ?? methods[3];
  const message = isForPeople(logger) ? textOf(fields) : fields;
  // Not all loggers have all methods.
  (logger[method] ?? logger.log).call(logger, message, context);
}

function textOf({ msg, ...fields }: Line): string {
  const told = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [String(msg ?? ''), ...told].join(' ');
}
